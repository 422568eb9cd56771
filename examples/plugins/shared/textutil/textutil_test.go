package textutil

import (
	"reflect"
	"testing"
)

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"  Hello,   World! ":         "hello-world",
		"Größe & Übermaß":            "groesse-uebermass",
		"it's 5 o’clock":             "its-5-oclock",
		"日本":                         "",
		"Crème brûlée – mixed: 日本 2": "creme-brulee-mixed-2",
	} {
		if got := Slug(text); got != want {
			t.Errorf("Slug(%q): want %q, got %q", text, want, got)
		}
	}
}

func TestKeywordsLeaveStopWordsOut(t *testing.T) {
	got := Keywords("The cat and the dog and the Cat, then a bird", 2)
	if want := []Keyword{{"cat", 2}, {"bird", 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

func TestShortenCutsBetweenWords(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"one two  three", 13, "one two three"},
		{"one two three", 9, "one two…"},
		{"one two three", 8, "one two…"},
		{"abcdefgh", 4, "abc…"},
		{"abc", 0, ""},
	} {
		if got := Shorten(c.text, c.limit); got != c.want {
			t.Errorf("Shorten(%q, %d): want %q, got %q", c.text, c.limit, c.want, got)
		}
	}
}
