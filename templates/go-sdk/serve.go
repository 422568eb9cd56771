package sdk

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"example.com/acme/plugins/sdk/connectorpb"
)

// What a host and a plugin agree on before the first call.
const (
	protoVersion = 1
	cookieKey    = "WICK_CONNECTOR_PLUGIN"
	cookieValue  = "b3f1c2a4-wick-connector-grpc"
	dispenseName = "connector"
	messageLimit = 64 << 20
)

// Serve is the whole main function of a plugin. With `--dump-manifest` it
// prints the manifest; started by a host it answers calls until told to stop.
func Serve(m Module, h Handlers) {
	m = m.complete()
	if h.Kind == "" {
		h.Kind = "connector"
	}
	if err := h.check(m); err != nil {
		exit(m, err)
	}
	if slices.Contains(os.Args[1:], "--dump-manifest") {
		if err := dumpManifest(os.Stdout, h.Kind, m); err != nil {
			exit(m, err)
		}
		return
	}
	server, err := newServer(m, h)
	if err != nil {
		exit(m, err)
	}
	go endWithHost()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  protoVersion,
			MagicCookieKey:   cookieKey,
			MagicCookieValue: cookieValue,
		},
		Plugins:    goplugin.PluginSet{dispenseName: &grpcPlugin{server: server}},
		GRPCServer: newGRPCServer,
	})
}

// endWithHost ends the plugin when its host has died: a host that is killed
// can't say goodbye, and go-plugin would wait for calls for ever. Windows
// doesn't tell; hosts use job objects there.
func endWithHost() {
	host := os.Getppid()
	for os.Getppid() == host {
		time.Sleep(250 * time.Millisecond)
	}
	os.Exit(1)
}

func exit(m Module, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", m.Meta.Key, err)
	os.Exit(1)
}

// newGRPCServer keeps go-plugin's options: AutoMTLS is among them.
func newGRPCServer(options []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit))...)
}

// grpcPlugin is go-plugin's view of the service; a plugin never plays the client.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

func (p *grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	connectorpb.RegisterConnectorServer(s, p.server)
	return nil
}

func (p *grpcPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a plugin does not call plugins")
}
