package main

import (
	"context"
	"strings"
	"unicode/utf8"

	"example.com/acme/plugins/sdk"
	"example.com/acme/plugins/shared/textutil"
)

type textArgs struct {
	Text  string `json:"text"`
	Limit int    `json:"limit"`
}

func slugify(_ context.Context, args textArgs, _ map[string]string) (any, error) {
	slug := textutil.Slug(args.Text)
	if slug == "" {
		return nil, sdk.Fail("bad_arguments", "`text` has no letters or digits that a slug could keep")
	}
	return map[string]string{"slug": slug}, nil
}

func wordCount(_ context.Context, args textArgs, _ map[string]string) (any, error) {
	lines := strings.Count(args.Text, "\n")
	if args.Text != "" && !strings.HasSuffix(args.Text, "\n") {
		lines++
	}
	return map[string]int{
		"words":   len(textutil.Words(args.Text)),
		"lines":   lines,
		"letters": utf8.RuneCountInString(args.Text),
		"bytes":   len(args.Text),
	}, nil
}

func keywords(_ context.Context, args textArgs, _ map[string]string) (any, error) {
	if args.Limit < 1 {
		args.Limit = 5
	}
	return map[string]any{"keywords": textutil.Keywords(args.Text, args.Limit)}, nil
}

func shorten(_ context.Context, args textArgs, _ map[string]string) (any, error) {
	if args.Limit < 1 {
		args.Limit = 80
	}
	return map[string]string{"text": textutil.Shorten(args.Text, args.Limit)}, nil
}
