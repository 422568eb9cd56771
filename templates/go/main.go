// Command @KEY@ is a @KIND@ that wick hosts can load: what it offers is declared first, what it does stands below.
package main

import (
	"context"
	_ "embed"
	"strings"

	"example.com/acme/plugins/sdk"
)

//go:embed VERSION
var version string

var module = sdk.Module{
	Meta: sdk.Meta{
		Key:         "@KEY@",
		Name:        "@TITLE@",
		Description: "Greets people. Say here what @KEY@ is for: people and models choose by this sentence",
	},
	Configs: sdk.Fields[settings](),
	Operations: []sdk.Category{{
		Title: "Greetings",
		Ops: []sdk.Operation{{
			Key:         "hello",
			Name:        "Hello",
			Description: "Greets somebody by name",
			Input:       sdk.Fields[helloArgs](),
		}},
	}},
}

func main() {
	sdk.Version = strings.TrimSpace(version)
	sdk.Serve(module, sdk.Handlers{
		Kind: "@KIND@",
		Ops:  map[string]sdk.Func{"hello": sdk.Typed(hello)},
	})
}

// settings are what an administrator sets once. A token belongs here, with `secret` in its tag.
type settings struct {
	Greeting string `json:"greeting" wick:"default=Hello;desc=The word to greet with"`
}

type helloArgs struct {
	Name string `json:"name" wick:"required;desc=Whom to greet, such as Ada"`
}

type helloAnswer struct {
	Text string `json:"text"`
}

func hello(_ context.Context, args helloArgs, creds map[string]string) (any, error) {
	set, err := sdk.Settings[settings](creds)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(args.Name)
	if name == "" {
		return nil, sdk.Fail("bad_arguments", "`name` is missing")
	}
	return helloAnswer{Text: set.Greeting + ", " + name + "!"}, nil
}
