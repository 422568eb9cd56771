package main

import "example.com/acme/plugins/sdk"

var module = sdk.Module{
	Meta: sdk.Meta{
		Key:         "statuspage",
		Name:        "Status page",
		Description: "Is it down? Components & incidents of any public status page – »operational« < degraded < outage, as JSON -> answers",
		Icon:        "🚦",
		DefaultTags: []sdk.Tag{
			{Name: "Operations", Description: "Running things & keeping them up", IsGroup: true, SortOrder: 10},
			{Name: "read-only", IsFilter: true, SortOrder: 20},
		},
	},
	Configs: []sdk.Config{
		{Owner: "statuspage", Key: "base_url", Type: "url", Required: true, Description: "Address of the page, e.g. <https://status.example.com>", EnvOverride: "STATUSPAGE_URL"},
		{Owner: "statuspage", Key: "timeout", Value: "10", Type: "number", Description: "Seconds to wait for an answer (> 0)", Group: "Advanced"},
	},
	Operations: []sdk.Category{
		{
			Title:       "Read",
			Description: "What the page says now",
			Ops: []sdk.Operation{
				{Key: "summary", Name: "Summary", Description: "Overall state & the components that aren't operational"},
				{Key: "incidents", Name: "Incidents", Description: "The latest incidents, newest first", Input: []sdk.Config{
					{Key: "limit", Value: "5", Type: "number", Description: "At most this many (1 <= limit <= 50)"},
				}},
			},
		},
		{
			Title:       "Follow",
			Description: "What the page says over time",
			Ops: []sdk.Operation{
				{Key: "watch", Name: "Watch", Description: "Reads the page again & again; streams one line per reading", Input: []sdk.Config{
					{Key: "readings", Value: "3", Type: "number", Description: "How often to read"},
					{Key: "every_ms", Value: "1000", Type: "number", Description: "Milliseconds between readings"},
				}},
			},
		},
	},
}
