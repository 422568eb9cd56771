package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"example.com/wick/testhost/connectorpb"
)

const (
	messageLimit = 64 << 20
	callLimit    = time.Minute
)

// question is what one run of `call` asks the plugin beyond Health and Schema.
type question struct {
	request *connectorpb.ExecuteRequest
	stream  bool
	perms   bool
	token   string
}

func runCall(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("call", flag.ContinueOnError)
	op := flags.String("op", "", "")
	argsJSON := flags.String("args", "{}", "")
	credsJSON := flags.String("creds", "{}", "")
	stream := flags.Bool("stream", false, "")
	perms := flags.Bool("perms", false, "")
	token := flags.String("token", "", "")
	words, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	q := question{stream: *stream, perms: *perms, token: *token}
	q.request = &connectorpb.ExecuteRequest{Operation: *op, ArgsJson: []byte(*argsJSON), RequestId: "request-1", SessionId: "session-1"}
	if err := json.Unmarshal([]byte(*credsJSON), &q.request.Creds); err != nil {
		return fmt.Errorf("%w: -creds: %v", errUsage, err)
	}
	text, err := os.ReadFile(filepath.Join(words[0], "plugin.json"))
	if err != nil {
		return err
	}
	m, err := readManifest(text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	return call(ctx, words[0], m, q, out)
}

func call(ctx context.Context, dir string, m *manifest, q question, out io.Writer) error {
	client, err := launch(dir, m)
	if err != nil {
		return err
	}
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return fmt.Errorf("launch %s: %w", m.Entry, err)
	}
	if err := protocol.Ping(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	found, err := protocol.Dispense("connector")
	if err != nil {
		return fmt.Errorf("dispense: %w", err)
	}
	return ask(ctx, found.(connectorpb.ConnectorClient), m, q, out)
}

// launch only starts what the manifest describes, byte for byte.
func launch(dir string, m *manifest) (*goplugin.Client, error) {
	config, err := launchConfig(dir, m)
	if err != nil {
		return nil, err
	}
	return goplugin.NewClient(config), nil
}

func launchConfig(dir string, m *manifest) (*goplugin.ClientConfig, error) {
	sum, err := hex.DecodeString(m.SHA256)
	if err != nil {
		return nil, fmt.Errorf("plugin.json: sha256: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, m.Entry))
	if err != nil {
		return nil, err
	}
	return &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   "WICK_CONNECTOR_PLUGIN",
			MagicCookieValue: "b3f1c2a4-wick-connector-grpc",
		},
		Plugins:          goplugin.PluginSet{"connector": connectorPlugin{}},
		Cmd:              exec.Command(path),
		SecureConfig:     &goplugin.SecureConfig{Checksum: sum, Hash: sha256.New()},
		AutoMTLS:         true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     30 * time.Second,
		Stderr:           os.Stderr,
		SyncStderr:       os.Stderr,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn}),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(messageLimit), grpc.MaxCallSendMsgSize(messageLimit))},
	}, nil
}

func ask(ctx context.Context, c connectorpb.ConnectorClient, m *manifest, q question, out io.Writer) error {
	health, err := c.Health(ctx, &connectorpb.HealthRequest{})
	if err != nil {
		return fmt.Errorf("Health: %w", err)
	}
	if !health.GetHealthy() {
		return fmt.Errorf("Health: not healthy: %s", health.GetDetail())
	}
	schema, err := c.Schema(ctx, &connectorpb.SchemaRequest{})
	if err != nil {
		return fmt.Errorf("Schema: %w", err)
	}
	if !jsonEqual(schema.GetManifestJson(), m.raw) {
		return fmt.Errorf("Schema answers another module than plugin.json has:\n%s\n%s", schema.GetManifestJson(), m.raw)
	}
	print := json.NewEncoder(out)
	print.SetEscapeHTML(false)
	if q.perms {
		answer, err := c.CheckPermissions(ctx, &connectorpb.PermsRequest{Creds: q.request.Creds})
		if err != nil {
			return fmt.Errorf("CheckPermissions: %w", err)
		}
		if err := failure("CheckPermissions", answer.GetError()); err != nil {
			return err
		}
		ops := []map[string]any{}
		for _, op := range answer.GetOps() {
			ops = append(ops, map[string]any{"key": op.GetKey(), "ok": op.GetOk(), "reason": op.GetReason()})
		}
		return print.Encode(ops)
	}
	if q.token != "" {
		answer, err := c.ResolveIdentity(ctx, &connectorpb.IdentityRequest{AccessToken: q.token})
		if err != nil {
			return fmt.Errorf("ResolveIdentity: %w", err)
		}
		if err := failure("ResolveIdentity", answer.GetError()); err != nil {
			return err
		}
		return print.Encode(map[string]string{"user_id": answer.GetUserId(), "display_name": answer.GetDisplayName()})
	}
	if q.request.Operation == "" {
		return print.Encode(map[string]any{"healthy": true, "detail": health.GetDetail(), "schema": "equal"})
	}
	if q.stream {
		return askStream(ctx, c, q, print)
	}
	answer, err := c.Execute(ctx, q.request)
	if err != nil {
		return fmt.Errorf("Execute: %w", err)
	}
	if err := failure("Execute", answer.GetError()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", answer.GetResultJson())
	return err
}

// askStream prints one line of JSON per piece, and insists on a proper end.
func askStream(ctx context.Context, c connectorpb.ConnectorClient, q question, print *json.Encoder) error {
	pieces, err := c.ExecuteStream(ctx, q.request)
	if err != nil {
		return fmt.Errorf("ExecuteStream: %w", err)
	}
	ended := false
	for {
		chunk, err := pieces.Recv()
		if err == io.EOF {
			if !ended {
				return fmt.Errorf("ExecuteStream: ended without eof")
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("ExecuteStream: %w", err)
		}
		if err := failure("ExecuteStream", chunk.GetError()); err != nil {
			return err
		}
		if ended {
			return fmt.Errorf("ExecuteStream: a piece after eof")
		}
		ended = chunk.GetEof()
		line := map[string]any{"eof": ended}
		if len(chunk.GetData()) > 0 {
			line["data"] = string(chunk.GetData())
		}
		if chunk.GetTotal() > 0 || chunk.GetMessage() != "" {
			line["progress"], line["total"], line["message"] = chunk.GetProgress(), chunk.GetTotal(), chunk.GetMessage()
		}
		if err := print.Encode(line); err != nil {
			return err
		}
	}
}

func failure(call string, e *connectorpb.Error) error {
	if e == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %s", call, e.GetCode(), e.GetMessage())
}

// connectorPlugin is the host's side of the service.
type connectorPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (connectorPlugin) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return fmt.Errorf("a host does not serve")
}

func (connectorPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return connectorpb.NewConnectorClient(conn), nil
}
