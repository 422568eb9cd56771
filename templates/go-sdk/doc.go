// Package sdk turns a set of Go functions into a plugin that a wick host can load. `wick plugin new` wrote it; it is
// yours to change.
//
// A plugin is one call of [Serve] with a [Module], which says what the plugin offers, and [Handlers], which do it.
// [Fields] declares settings and inputs by the structs they are read into. The package connectorpb is what protoc
// makes of the hosts' protocol.
package sdk
