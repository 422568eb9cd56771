package main

import (
	"reflect"
	"testing"
)

func TestParseGroupsReadsBothVersions(t *testing.T) {
	got := parseGroups("4:cpu,cpuacct:/a:b\n0::/user.slice\n\nbroken\n")
	if want := []group{{"cpu,cpuacct", "/a:b"}, {"", "/user.slice"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}
