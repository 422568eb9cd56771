package main

import (
	"context"
	"net"
	"os"
	"runtime"
	"time"

	"example.com/acme/plugins/sdk"
)

type noArgs struct{}

func everywhere() []operation {
	return []operation{
		{sdk.Operation{Key: "host", Name: "Host", Description: "Name, system, processors and time zone"}, sdk.Typed(host)},
		{sdk.Operation{Key: "network", Name: "Network", Description: "Network interfaces and their addresses", Input: []sdk.Config{
			{Key: "loopback", Value: "false", Type: "boolean", Description: "Also list interfaces that lead nowhere"},
		}}, sdk.Typed(network)},
	}
}

func host(context.Context, noArgs, map[string]string) (any, error) {
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	zone, offset := time.Now().Zone()
	return map[string]any{
		"name":            name,
		"os":              runtime.GOOS,
		"arch":            runtime.GOARCH,
		"processors":      runtime.NumCPU(),
		"zone":            zone,
		"zone_offset_sec": offset,
	}, nil
}

type networkArgs struct {
	Loopback bool `json:"loopback"`
}

type networkInterface struct {
	Name      string   `json:"name"`
	Up        bool     `json:"up"`
	Addresses []string `json:"addresses"`
}

func network(_ context.Context, args networkArgs, _ map[string]string) (any, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	out := []networkInterface{}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 && !args.Loopback {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		line := networkInterface{i.Name, i.Flags&net.FlagUp != 0, []string{}}
		for _, address := range addresses {
			line.Addresses = append(line.Addresses, address.String())
		}
		out = append(out, line)
	}
	return out, nil
}
