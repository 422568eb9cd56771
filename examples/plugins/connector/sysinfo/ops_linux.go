package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"example.com/acme/plugins/sdk"
)

func onThisSystem() []operation {
	return []operation{
		{sdk.Operation{Key: "cgroups", Name: "Control groups", Description: "Groups of the plugin's process & the limits they set"}, sdk.Typed(cgroups)},
	}
}

func cgroups(context.Context, noArgs, map[string]string) (any, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	groups := parseGroups(string(text))
	limits := map[string]string{}
	for _, group := range groups {
		if group.Controllers != "" {
			continue
		}
		for _, name := range []string{"memory.max", "cpu.max", "pids.max"} {
			// A limit that isn't there isn't set: the root group has none of these files.
			if value, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", group.Path, name)); err == nil {
				limits[name] = strings.TrimSpace(string(value))
			}
		}
	}
	return map[string]any{"groups": groups, "limits": limits}, nil
}

type group struct {
	Controllers string `json:"controllers"`
	Path        string `json:"path"`
}

// parseGroups reads lines of the form `id:controllers:path`; version 2 has no controllers.
func parseGroups(text string) []group {
	groups := []group{}
	for line := range strings.Lines(text) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 {
			groups = append(groups, group{parts[1], parts[2]})
		}
	}
	return groups
}
