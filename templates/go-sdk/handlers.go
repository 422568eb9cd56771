package sdk

import (
	"context"
	"encoding/json"
	"fmt"
)

// Func is an operation: JSON arguments in, anything that encodes to JSON out.
type Func func(ctx context.Context, args json.RawMessage, creds map[string]string) (any, error)

// StreamFunc is an operation whose answer arrives in pieces.
type StreamFunc func(ctx context.Context, args json.RawMessage, creds map[string]string, out Stream) error

// Stream carries the pieces of an answer to the host. A returned error means
// that nobody listens any more.
type Stream interface {
	// Send delivers one value as a line of JSON.
	Send(value any) error
	// Progress says how far the operation is.
	Progress(done, total int, message string) error
}

// Identity is a user of the service behind a plugin.
type Identity struct {
	UserID      string
	DisplayName string
}

// Handlers do what a Module declares. Only Ops or Streams is needed.
type Handlers struct {
	// Kind is the folder the plugin lives in; empty means connector.
	Kind    string
	Ops     map[string]Func
	Streams map[string]StreamFunc
	// Check says why the credentials won't do. Without it every operation counts as allowed.
	Check func(ctx context.Context, creds map[string]string) error
	// Identify finds the owner of an access token.
	Identify func(ctx context.Context, accessToken string) (Identity, error)
	// Health says why the plugin can't work at all.
	Health func(ctx context.Context) error
}

// Typed makes an operation of a function that wants its arguments decoded.
func Typed[Args any](do func(context.Context, Args, map[string]string) (any, error)) Func {
	return func(ctx context.Context, raw json.RawMessage, creds map[string]string) (any, error) {
		args, err := Decode[Args](raw)
		if err != nil {
			return nil, err
		}
		return do(ctx, args, creds)
	}
}

// Decode reads arguments. No arguments at all are the zero value.
func Decode[Args any](raw json.RawMessage) (Args, error) {
	var args Args
	if len(raw) == 0 {
		return args, nil
	}
	if err := json.Unmarshal(raw, &args); err != nil {
		return args, Fail("bad_arguments", "read arguments: %v", err)
	}
	return args, nil
}

// Error is a failure with a code that programs can tell apart.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Message }

// Fail makes an Error.
func Fail(code, format string, values ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, values...)}
}

// check finds operations that are declared but not written, and the reverse:
// a host would only find out when somebody calls them.
func (h Handlers) check(m Module) error {
	declared := map[string]bool{}
	for _, category := range m.Operations {
		for _, op := range category.Ops {
			if declared[op.Key] {
				return fmt.Errorf("operation `%s` is declared twice", op.Key)
			}
			declared[op.Key] = true
			if h.Ops[op.Key] == nil && h.Streams[op.Key] == nil {
				return fmt.Errorf("operation `%s` is declared but has no function", op.Key)
			}
		}
	}
	for key := range h.Ops {
		if !declared[key] {
			return fmt.Errorf("operation `%s` has a function but is not declared", key)
		}
	}
	for key := range h.Streams {
		if !declared[key] {
			return fmt.Errorf("operation `%s` streams but is not declared", key)
		}
	}
	return nil
}
