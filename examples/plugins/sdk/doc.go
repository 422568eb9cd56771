// Package sdk turns a set of Go functions into a plugin that a wick host can load.
//
// It is not a framework: a plugin is one call of [Serve] with a [Module], which
// says what the plugin offers, and [Handlers], which do it.
package sdk

// The stubs in connectorpb are generated from ../proto; the README says with which tools.
//go:generate protoc -I../proto --go_out=connectorpb --go_opt=paths=source_relative --go-grpc_out=connectorpb --go-grpc_opt=paths=source_relative connector.proto
