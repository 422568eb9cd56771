package main

import (
	"context"
	"encoding/json"
	"testing"

	"example.com/acme/plugins/sdk"
)

func TestOperations(t *testing.T) {
	for _, c := range []struct {
		do   sdk.Func
		args string
		want string
	}{
		{sdk.Typed(slugify), `{"text":"Größe <L>"}`, `{"slug":"groesse-l"}`},
		{sdk.Typed(wordCount), `{"text":"zwei Wörter\nneu"}`, `{"bytes":16,"letters":15,"lines":2,"words":3}`},
		{sdk.Typed(wordCount), `{}`, `{"bytes":0,"letters":0,"lines":0,"words":0}`},
		{sdk.Typed(keywords), `{"text":"the tea and the Tea","limit":1}`, `{"keywords":[{"word":"tea","count":2}]}`},
		{sdk.Typed(shorten), `{"text":"one two three","limit":8}`, `{"text":"one two…"}`},
	} {
		value, err := c.do(context.Background(), json.RawMessage(c.args), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(value)
		if string(got) != c.want {
			t.Errorf("%s: want %s, got %s", c.args, c.want, got)
		}
	}
}

func TestSlugOfNothingFails(t *testing.T) {
	if _, err := slugify(context.Background(), textArgs{Text: "日本"}, nil); err == nil {
		t.Error("an empty slug is no answer")
	}
}
