package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/acme/plugins/sdk/connectorpb"
)

func module(keys ...string) Module {
	m := Module{Meta: Meta{Key: "sample", Description: "a < b & c > d, für alle"}, Operations: []Category{{Title: "All"}}}
	for _, key := range keys {
		m.Operations[0].Ops = append(m.Operations[0].Ops, Operation{Key: key})
	}
	return m.complete()
}

func constant(value any, err error) Func {
	return func(context.Context, json.RawMessage, map[string]string) (any, error) { return value, err }
}

func TestManifestIsOneLineThatDescribesThisBinary(t *testing.T) {
	var out bytes.Buffer
	if err := dumpManifest(&out, "tool", module("one")); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 || !strings.HasSuffix(out.String(), "}\n") {
		t.Fatalf("not one line: %q", out.String())
	}
	for _, want := range []string{`{"schema_version":1,"kind":"tool","version":"dev","proto_version":1,"entry":"`, `"signature":"","module":{"Meta":{"Key":"sample"`, `a \u003c b \u0026 c \u003e d, für alle`, `"DefaultTags":null`, `"Configs":[]`, `"Input":[]`, `"OAuth":null`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %s in %s", want, out.String())
		}
	}
}

func TestDeclarationsAndFunctionsMustMatch(t *testing.T) {
	do := constant(1, nil)
	for want, err := range map[string]error{
		"":             Handlers{Ops: map[string]Func{"one": do}}.check(module("one")),
		"no function":  Handlers{}.check(module("one")),
		"not declared": Handlers{Ops: map[string]Func{"one": do, "two": do}}.check(module("one")),
		"twice":        Handlers{Ops: map[string]Func{"one": do}}.check(module("one", "one")),
	} {
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestAnswersCarryResultsAndErrors(t *testing.T) {
	s, err := newServer(module("good", "bad", "boom"), Handlers{Ops: map[string]Func{
		"good": constant(map[string]int{"n": 1}, nil),
		"bad":  constant(nil, errors.New("no luck")),
		"boom": func(context.Context, json.RawMessage, map[string]string) (any, error) { panic("boom") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[string]string{"good": `{"n":1}`, "bad": "operation_failed", "boom": "panic", "none": "unknown_operation"} {
		out, err := s.Execute(context.Background(), &connectorpb.ExecuteRequest{Operation: op})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out.GetResultJson()) + out.GetError().GetCode(); got != want {
			t.Errorf("%s: want %s, got %s", op, want, got)
		}
	}
}

type recorder struct{ sent []*connectorpb.Chunk }

func (r *recorder) Send(c *connectorpb.Chunk) error {
	r.sent = append(r.sent, c)
	return nil
}

func TestLargeAnswersTravelInPieces(t *testing.T) {
	var r recorder
	if err := (chunks{wire: &r}).write(make([]byte, 2*chunkSize+1)); err != nil {
		t.Fatal(err)
	}
	if len(r.sent) != 3 || len(r.sent[2].GetData()) != 1 {
		t.Fatalf("%d pieces", len(r.sent))
	}
}

func TestDecodeNamesBadArguments(t *testing.T) {
	_, err := Decode[struct{ N int }](json.RawMessage(`{"N":"x"}`))
	var coded *Error
	if !errors.As(err, &coded) || coded.Code != "bad_arguments" {
		t.Fatalf("got %v", err)
	}
}

func TestMessagesMayBeLargerThanTheDefaultOfGRPC(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(module("echo"), Handlers{Ops: map[string]Func{"echo": func(_ context.Context, args json.RawMessage, _ map[string]string) (any, error) {
		return args, nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	server := newGRPCServer(nil)
	connectorpb.RegisterConnectorServer(server, s)
	go server.Serve(listener)
	defer server.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	big := []byte(`"` + strings.Repeat("x", 20<<20) + `"`)
	out, err := connectorpb.NewConnectorClient(conn).Execute(context.Background(), &connectorpb.ExecuteRequest{Operation: "echo", ArgsJson: big})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.GetResultJson()) != len(big) {
		t.Errorf("%d bytes came back, error %v", len(out.GetResultJson()), out.GetError())
	}
}
