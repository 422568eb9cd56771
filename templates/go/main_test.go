package main

import (
	"context"
	"testing"
)

func TestHelloGreetsByName(t *testing.T) {
	for want, creds := range map[string]map[string]string{
		"Hello, Ada!": nil,
		"Hei, Ada!":   {"greeting": "Hei"},
	} {
		got, err := hello(context.Background(), helloArgs{Name: " Ada "}, creds)
		if err != nil || got != any(helloAnswer{Text: want}) {
			t.Errorf("want %s, got %v, %v", want, got, err)
		}
	}
}

func TestHelloWantsAName(t *testing.T) {
	if got, err := hello(context.Background(), helloArgs{Name: " "}, nil); err == nil {
		t.Errorf("nobody was greeted: %v", got)
	}
}
