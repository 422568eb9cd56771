package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/wick/testhost/connectorpb"
)

// runStrain asks one launched probe for what only a busy host meets: many calls at once, a large result, a call that is
// cancelled, a stream that is left, and that everything still works afterwards.
func runStrain(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("strain", flag.ContinueOnError)
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
	client, err := launch(words[0], m)
	if err != nil {
		return err
	}
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return fmt.Errorf("launch %s: %w", m.Entry, err)
	}
	found, err := protocol.Dispense("connector")
	if err != nil {
		return err
	}
	c := found.(connectorpb.ConnectorClient)
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	answers := map[string]any{}
	if answers["at_once"], err = atOnce(ctx, c, 100); err != nil {
		return err
	}
	large, err := ask1(ctx, c, "big", map[string]any{"bytes": 10 << 20})
	if err != nil {
		return err
	}
	answers["large"] = len(large)
	answers["cancelled"] = cancelled(ctx, c).String()
	answers["left_stream"] = leftStream(ctx, c).String()
	again, err := ask1(ctx, c, "echo", map[string]any{"text": "again"})
	if err != nil {
		return err
	}
	answers["afterwards"] = json.RawMessage(again)
	return json.NewEncoder(out).Encode(answers)
}

func ask1(ctx context.Context, c connectorpb.ConnectorClient, op string, args any) ([]byte, error) {
	text, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	answer, err := c.Execute(ctx, &connectorpb.ExecuteRequest{Operation: op, ArgsJson: text})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return answer.GetResultJson(), failure(op, answer.GetError())
}

// atOnce makes that many calls overlap, and counts those that got their own answer.
func atOnce(ctx context.Context, c connectorpb.ConnectorClient, count int) (int, error) {
	var all sync.WaitGroup
	errs := make([]error, count)
	for i := range count {
		all.Go(func() {
			text := fmt.Sprintf("call %d", i)
			result, err := ask1(ctx, c, "echo", map[string]any{"text": text})
			var echo struct{ Text string }
			if err == nil {
				err = json.Unmarshal(result, &echo)
			}
			if err == nil && echo.Text != text {
				err = fmt.Errorf("%s got the answer of another call: %s", text, echo.Text)
			}
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return count, nil
}

// cancelled leaves a call that would take a minute; the plugin says on stderr that it noticed.
func cancelled(ctx context.Context, c connectorpb.ConnectorClient) codes.Code {
	short, cancel := context.WithCancel(ctx)
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := ask1(short, c, "slow", map[string]any{"ms": 60_000})
	return status.Code(err)
}

// leftStream reads one piece of a long stream and goes.
func leftStream(ctx context.Context, c connectorpb.ConnectorClient) codes.Code {
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	pieces, err := c.ExecuteStream(short, &connectorpb.ExecuteRequest{
		Operation: "stream", ArgsJson: []byte(`{"pieces": 100000, "ms": 1}`),
	})
	if err != nil {
		return status.Code(err)
	}
	if _, err := pieces.Recv(); err != nil {
		return status.Code(err)
	}
	cancel()
	for {
		if _, err := pieces.Recv(); err != nil {
			return status.Code(err)
		}
	}
}
