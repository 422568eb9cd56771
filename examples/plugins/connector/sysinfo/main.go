// Command sysinfo is a plugin that tells facts of the machine it runs on.
//
// Which operations exist depends on that machine: ops_linux.go and ops_other.go
// each give their own list.
package main

import "example.com/acme/plugins/sdk"

// operation keeps a declaration and its function together.
type operation struct {
	declared sdk.Operation
	do       sdk.Func
}

func main() {
	handlers := sdk.Handlers{Ops: map[string]sdk.Func{}}
	for _, op := range operations() {
		handlers.Ops[op.declared.Key] = op.do
	}
	sdk.Serve(module(), handlers)
}

func operations() []operation {
	return append(everywhere(), onThisSystem()...)
}

func module() sdk.Module {
	facts := sdk.Category{Title: "Facts", Description: "Read-only facts; nothing is changed"}
	for _, op := range operations() {
		facts.Ops = append(facts.Ops, op.declared)
	}
	return sdk.Module{
		Meta: sdk.Meta{
			Key:         "sysinfo",
			Name:        "System facts",
			Description: "Name, processors, network & limits of the machine the plugin runs on",
			Icon:        "🖥",
			DefaultTags: []sdk.Tag{{Name: "Operations", IsGroup: true, SortOrder: 10}},
		},
		Operations: []sdk.Category{facts},
	}
}
