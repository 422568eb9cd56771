// Command statuspage is a plugin that reads a public status page.
package main

import "example.com/acme/plugins/sdk"

func main() {
	sdk.Serve(module, sdk.Handlers{
		Ops: map[string]sdk.Func{
			"summary":   sdk.Typed(summary),
			"incidents": sdk.Typed(incidents),
		},
		Streams: map[string]sdk.StreamFunc{"watch": watch},
		Check:   check,
	})
}
