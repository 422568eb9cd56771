// Command textkit is a plugin of small text functions. It needs no network and no credentials.
package main

import "example.com/acme/plugins/sdk"

func main() {
	sdk.Serve(module, sdk.Handlers{
		Kind: "tool",
		Ops: map[string]sdk.Func{
			"slugify":    sdk.Typed(slugify),
			"word_count": sdk.Typed(wordCount),
			"keywords":   sdk.Typed(keywords),
			"shorten":    sdk.Typed(shorten),
		},
	})
}

var text = sdk.Config{Key: "text", Type: "textarea", Required: true, Description: "The text to work on"}

var module = sdk.Module{
	Meta: sdk.Meta{
		Key:         "textkit",
		Name:        "Text kit",
		Description: "Slugs, word counts & keywords: `Größe <L>` → `groesse-l`",
		Icon:        "✂",
	},
	Operations: []sdk.Category{{
		Title: "Text",
		Ops: []sdk.Operation{
			{Key: "slugify", Name: "Slugify", Description: "A name for addresses and files", Input: []sdk.Config{text}},
			{Key: "word_count", Name: "Word count", Description: "Words, lines, letters & bytes", Input: []sdk.Config{text}},
			{Key: "keywords", Name: "Keywords", Description: "The words that say most", Input: []sdk.Config{
				text, {Key: "limit", Value: "5", Type: "number", Description: "At most this many"},
			}},
			{Key: "shorten", Name: "Shorten", Description: "Cuts between words", Input: []sdk.Config{
				text, {Key: "limit", Value: "80", Type: "number", Description: "Letters to keep at most"},
			}},
		},
	}},
}
