package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"example.com/acme/plugins/sdk/connectorpb"
)

// server answers a host's calls. A failing operation is an answer with an
// Error in it; a gRPC status is left to failures of the call itself.
type server struct {
	connectorpb.UnimplementedConnectorServer
	module   Module
	manifest []byte
	handlers Handlers
}

func newServer(m Module, h Handlers) (*server, error) {
	manifest, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode module: %w", err)
	}
	return &server{module: m, manifest: manifest, handlers: h}, nil
}

func (s *server) Schema(context.Context, *connectorpb.SchemaRequest) (*connectorpb.SchemaResponse, error) {
	return &connectorpb.SchemaResponse{ManifestJson: s.manifest}, nil
}

func (s *server) Execute(ctx context.Context, in *connectorpb.ExecuteRequest) (*connectorpb.ExecuteResponse, error) {
	result, err := s.execute(ctx, in)
	if err != nil {
		return &connectorpb.ExecuteResponse{Error: wireError(err)}, nil
	}
	return &connectorpb.ExecuteResponse{ResultJson: result, Meta: map[string]string{"plugin_version": Version}}, nil
}

// ExecuteStream serves operations that don't stream too: as one piece.
func (s *server) ExecuteStream(in *connectorpb.ExecuteRequest, wire connectorpb.Connector_ExecuteStreamServer) error {
	out := chunks{wire: wire}
	if err := s.stream(wire.Context(), in, out); err != nil {
		return wire.Send(&connectorpb.Chunk{Eof: true, Error: wireError(err)})
	}
	return wire.Send(&connectorpb.Chunk{Eof: true})
}

func (s *server) CheckPermissions(ctx context.Context, in *connectorpb.PermsRequest) (*connectorpb.PermsResponse, error) {
	var refusal error
	if s.handlers.Check != nil {
		refusal = s.handlers.Check(ctx, in.GetCreds())
	}
	out := &connectorpb.PermsResponse{}
	for _, category := range s.module.Operations {
		for _, op := range category.Ops {
			health := &connectorpb.OpHealth{Key: op.Key, Ok: refusal == nil}
			if refusal != nil {
				health.Reason = refusal.Error()
			}
			out.Ops = append(out.Ops, health)
		}
	}
	return out, nil
}

func (s *server) ResolveIdentity(ctx context.Context, in *connectorpb.IdentityRequest) (*connectorpb.IdentityResponse, error) {
	if s.handlers.Identify == nil {
		return &connectorpb.IdentityResponse{Error: wireError(Fail("unsupported", "this plugin has no accounts"))}, nil
	}
	who, err := s.handlers.Identify(ctx, in.GetAccessToken())
	if err != nil {
		return &connectorpb.IdentityResponse{Error: wireError(err)}, nil
	}
	return &connectorpb.IdentityResponse{UserId: who.UserID, DisplayName: who.DisplayName}, nil
}

func (s *server) Health(ctx context.Context, _ *connectorpb.HealthRequest) (*connectorpb.HealthResponse, error) {
	if s.handlers.Health != nil {
		if err := s.handlers.Health(ctx); err != nil {
			return &connectorpb.HealthResponse{Detail: err.Error()}, nil
		}
	}
	return &connectorpb.HealthResponse{Healthy: true, Detail: s.module.Meta.Key + " " + Version}, nil
}

func (s *server) execute(ctx context.Context, in *connectorpb.ExecuteRequest) (result []byte, err error) {
	defer recovered(&err)
	do := s.handlers.Ops[in.GetOperation()]
	if do == nil {
		return nil, s.unknown(in.GetOperation())
	}
	value, err := do(ctx, in.GetArgsJson(), in.GetCreds())
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func (s *server) stream(ctx context.Context, in *connectorpb.ExecuteRequest, out chunks) (err error) {
	defer recovered(&err)
	if do := s.handlers.Streams[in.GetOperation()]; do != nil {
		return do(ctx, in.GetArgsJson(), in.GetCreds(), out)
	}
	result, err := s.execute(ctx, in)
	if err != nil {
		return err
	}
	return out.write(result)
}

func (s *server) unknown(operation string) error {
	if s.handlers.Streams[operation] != nil {
		return Fail("stream_only", "operation `%s` answers in a stream only", operation)
	}
	return Fail("unknown_operation", "%s has no operation `%s`", s.module.Meta.Key, operation)
}

// recovered keeps one bad operation from ending the calls of everybody else.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = Fail("panic", "operation panicked: %v", cause)
	}
}

func wireError(err error) *connectorpb.Error {
	var coded *Error
	if errors.As(err, &coded) {
		return &connectorpb.Error{Code: coded.Code, Message: coded.Message}
	}
	return &connectorpb.Error{Code: "operation_failed", Message: err.Error()}
}
