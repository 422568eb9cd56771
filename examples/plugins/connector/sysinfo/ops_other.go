//go:build !linux

package main

func onThisSystem() []operation { return nil }
