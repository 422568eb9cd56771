package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.com/acme/plugins/sdk"
	"example.com/acme/plugins/shared/textutil"
)

type noArgs struct{}

type reading struct {
	Page      string      `json:"page"`
	Indicator string      `json:"indicator"`
	State     string      `json:"state"`
	Affected  []component `json:"affected"`
}

func summary(ctx context.Context, _ noArgs, creds map[string]string) (any, error) {
	p, err := newPage(creds)
	if err != nil {
		return nil, err
	}
	return read(ctx, p)
}

func read(ctx context.Context, p page) (reading, error) {
	answer, err := p.summary(ctx)
	if err != nil {
		return reading{}, err
	}
	affected := []component{}
	for _, c := range answer.Components {
		if c.Status != "operational" {
			affected = append(affected, c)
		}
	}
	return reading{answer.Page.Name, answer.Status.Indicator, answer.Status.Description, affected}, nil
}

type incidentsArgs struct {
	Limit int `json:"limit"`
}

type incidentLine struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	Status  string             `json:"status"`
	Impact  string             `json:"impact"`
	Created string             `json:"created_at"`
	Latest  string             `json:"latest"`
	About   []textutil.Keyword `json:"about"`
}

func incidents(ctx context.Context, args incidentsArgs, creds map[string]string) (any, error) {
	if args.Limit == 0 {
		args.Limit = 5
	}
	if args.Limit < 1 || args.Limit > 50 {
		return nil, sdk.Fail("bad_arguments", "`limit` must be 1 to 50, it is %d", args.Limit)
	}
	p, err := newPage(creds)
	if err != nil {
		return nil, err
	}
	all, err := p.incidents(ctx)
	if err != nil {
		return nil, err
	}
	lines := []incidentLine{}
	for _, i := range all[:min(args.Limit, len(all))] {
		line := incidentLine{ID: textutil.Slug(i.Name), Name: i.Name, Status: i.Status, Impact: i.Impact, Created: i.Created}
		text := i.Name
		for n, update := range i.Updates {
			if n == 0 {
				line.Latest = textutil.Shorten(update.Body, 160)
			}
			text += "\n" + update.Body
		}
		line.About = textutil.Keywords(text, 3)
		lines = append(lines, line)
	}
	return lines, nil
}

type watchArgs struct {
	Readings int `json:"readings"`
	EveryMs  int `json:"every_ms"`
}

// watch streams readings. A page that fails once may be back at the next
// reading, so a failure is a line too; only the end of the call ends it.
func watch(ctx context.Context, raw json.RawMessage, creds map[string]string, out sdk.Stream) error {
	args, err := sdk.Decode[watchArgs](raw)
	if err != nil {
		return err
	}
	if args.Readings < 1 {
		args.Readings = 3
	}
	if args.EveryMs < 1 {
		args.EveryMs = 1000
	}
	p, err := newPage(creds)
	if err != nil {
		return err
	}
	for n := 1; n <= args.Readings; n++ {
		var line any
		line, err := read(ctx, p)
		if err != nil {
			line = map[string]string{"error": err.Error()}
		}
		if err := out.Send(line); err != nil {
			return err
		}
		if err := out.Progress(n, args.Readings, fmt.Sprintf("reading %d of %d", n, args.Readings)); err != nil {
			return err
		}
		if n == args.Readings {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(args.EveryMs) * time.Millisecond):
		}
	}
	return nil
}

// check reads the page once: a wrong address shows before anybody relies on it.
func check(ctx context.Context, creds map[string]string) error {
	_, err := summary(ctx, noArgs{}, creds)
	return err
}
