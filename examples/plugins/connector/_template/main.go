// Command template is where a new connector starts: copy the folder, rename it,
// and give Meta.Key the folder's name.
package main

import (
	"context"

	"example.com/acme/plugins/sdk"
)

var module = sdk.Module{
	Meta: sdk.Meta{
		Key:         "template",
		Name:        "Template",
		Description: "Says hello",
	},
	Operations: []sdk.Category{{
		Title: "Greetings",
		Ops: []sdk.Operation{{
			Key:         "hello",
			Name:        "Hello",
			Description: "Greets somebody by name",
			Input:       []sdk.Config{{Key: "name", Type: "text", Required: true, Description: "Whom to greet"}},
		}},
	}},
}

type helloArgs struct {
	Name string `json:"name"`
}

func hello(_ context.Context, args helloArgs, _ map[string]string) (any, error) {
	if args.Name == "" {
		return nil, sdk.Fail("bad_arguments", "`name` is missing")
	}
	return map[string]string{"greeting": "Hello, " + args.Name + "!"}, nil
}

func main() {
	sdk.Serve(module, sdk.Handlers{Ops: map[string]sdk.Func{"hello": sdk.Typed(hello)}})
}
