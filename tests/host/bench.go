package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	goplugin "github.com/hashicorp/go-plugin"

	"example.com/wick/testhost/connectorpb"
)

// Calls that wait for an answer at the same time, in the second half of a measurement.
const benchLanes = 16

// benchResult is what one launch of a plugin came to. Times are in seconds, memory in bytes.
type benchResult struct {
	Start           float64 `json:"start_s"`
	Ready           float64 `json:"ready_s"`
	IdleMemory      uint64  `json:"idle_memory"`
	Memory          uint64  `json:"memory"`
	CallsPerSecond  float64 `json:"calls_per_second"`
	P50             float64 `json:"p50_s"`
	P99             float64 `json:"p99_s"`
	LanesPerSecond  float64 `json:"lanes_calls_per_second"`
	LanesP99        float64 `json:"lanes_p99_s"`
	PluginCPU       float64 `json:"plugin_cpu_s"`
	CallsAltogether int     `json:"calls"`
}

// runBench launches a plugin once and calls its operation `echo`.
func runBench(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	calls := flags.Int("calls", 2000, "")
	plain := flags.Bool("plain", false, "")
	words, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(words[0], "plugin.json"))
	if err != nil {
		return err
	}
	m, err := readManifest(text)
	if err != nil {
		return err
	}
	result, err := bench(words[0], m, *calls, !*plain)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

func bench(dir string, m *manifest, calls int, tls bool) (*benchResult, error) {
	config, err := launchConfig(dir, m)
	if err != nil {
		return nil, err
	}
	config.AutoMTLS = tls
	// The checksum is read from disk; both languages would pay for their size here and again in `zip`.
	config.SecureConfig = nil
	client := goplugin.NewClient(config)
	defer client.Kill()
	began := time.Now()
	if _, err := client.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", m.Entry, err)
	}
	result := &benchResult{Start: time.Since(began).Seconds(), CallsAltogether: 2*calls + calls/10}
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	found, err := protocol.Dispense("connector")
	if err != nil {
		return nil, err
	}
	connector := found.(connectorpb.ConnectorClient)
	request := &connectorpb.ExecuteRequest{
		Operation: "echo",
		ArgsJson:  []byte(`{"text": "The quick brown fox jumps over the lazy dog", "times": "3"}`),
		Creds:     map[string]string{"greeting": "hello", "token": "hunter2hunter2"},
	}
	call := func() error {
		answer, err := connector.Execute(context.Background(), request)
		if err == nil {
			err = failure("Execute", answer.GetError())
		}
		return err
	}
	if err := call(); err != nil {
		return nil, err
	}
	result.Ready = time.Since(began).Seconds()
	pid := client.ReattachConfig().Pid
	result.IdleMemory = resident(pid)
	if _, _, err := lanes(calls/10, 1, call); err != nil {
		return nil, err
	}
	took, each, err := lanes(calls, 1, call)
	if err != nil {
		return nil, err
	}
	result.CallsPerSecond = float64(calls) / took.Seconds()
	result.P50, result.P99 = percentile(each, 0.50), percentile(each, 0.99)
	if took, each, err = lanes(calls, benchLanes, call); err != nil {
		return nil, err
	}
	result.LanesPerSecond, result.LanesP99 = float64(calls)/took.Seconds(), percentile(each, 0.99)
	result.Memory, result.PluginCPU = resident(pid), cpu(pid)
	return result, nil
}

// lanes makes that many calls, so many at a time.
func lanes(calls, width int, call func() error) (time.Duration, []time.Duration, error) {
	each := make([]time.Duration, calls)
	failures := make([]error, width)
	var group sync.WaitGroup
	began := time.Now()
	for lane := range width {
		group.Add(1)
		go func() {
			defer group.Done()
			for at := lane; at < calls && failures[lane] == nil; at += width {
				start := time.Now()
				failures[lane] = call()
				each[at] = time.Since(start)
			}
		}()
	}
	group.Wait()
	took := time.Since(began)
	for _, err := range failures {
		if err != nil {
			return 0, nil, err
		}
	}
	return took, each, nil
}

func percentile(each []time.Duration, part float64) float64 {
	if len(each) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(each))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*part))].Seconds()
}

// resident is what Linux counts as the process's own memory; 0 elsewhere.
func resident(pid int) uint64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		var kib uint64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

// cpu is the processor time of a process, in hundredths as Linux tells it; 0 elsewhere.
func cpu(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	var user, system float64
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return (user + system) / 100
}
