package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"time"
)

// manifest is plugin.json. Field order is key order.
type manifest struct {
	SchemaVersion int      `json:"schema_version"`
	Kind          string   `json:"kind,omitempty"`
	Version       string   `json:"version"`
	ProtoVersion  int      `json:"proto_version"`
	Entry         string   `json:"entry"`
	OSArch        []string `json:"os_arch"`
	SHA256        string   `json:"sha256"`
	Signature     string   `json:"signature"`
	// Module is a *module where that loses nothing, else the text as it is.
	Module any `json:"module"`
	raw    json.RawMessage
}

type module struct {
	Meta               meta
	Configs            []row
	Operations         []category
	OAuth              *oauth
	AllowSessionConfig bool
	DefaultAccess      accessDefaults
}

type accessDefaults struct {
	EnableSSO             bool
	AllowOthersConnectSSO bool
	MultiAccount          bool
	AllowOthersConfigure  bool
}

type meta struct {
	Key                  string
	Name                 string
	Description          string
	Icon                 string
	Fixed                bool
	LiveCatalog          bool
	RequireAIDescription bool
	DefaultTags          []tag
}

type tag struct {
	Name        string
	Description string
	IsGroup     bool
	IsFilter    bool
	IsSystem    bool
	SortOrder   int
}

type row struct {
	Owner         string
	Key           string
	Value         string
	Type          string
	Options       string
	IsSecret      bool
	CanRegenerate bool
	Locked        bool
	Required      bool
	Description   string
	UpdatedAt     time.Time
	Hidden        bool   `json:"hidden,omitempty"`
	ColOptions    string `json:"col_options,omitempty"`
	VisibleWhen   string `json:"visible_when,omitempty"`
	Group         string `json:"group,omitempty"`
	Mode          string `json:"mode,omitempty"`
	EnvOverride   string `json:"env_override,omitempty"`
}

type category struct {
	Title       string
	Description string
	Ops         []operation
}

type operation struct {
	Key         string
	Name        string
	Description string
	Input       []row
	Destructive bool
	ConfigOnly  bool
	help
}

// help is what a module tells assistants about an operation.
type help struct {
	OutputShape        map[string]string `json:"output_shape,omitempty"`
	TemplateableFields []string          `json:"templateable_fields,omitempty"`
	Quirks             []string          `json:"quirks,omitempty"`
	Examples           []struct {
		Name string `json:"name"`
		YAML string `json:"yaml"`
	} `json:"examples,omitempty"`
	PairWith       []string `json:"pair_with,omitempty"`
	CommonPitfalls []string `json:"common_pitfalls,omitempty"`
	InputSample    string   `json:"input_sample,omitempty"`
	OutputSample   string   `json:"output_sample,omitempty"`
}

type oauth struct {
	AuthorizeURL string
	TokenURL     string
	ExtraParams  map[string]string
	Scopes       []string
	DisplayName  string
	Icon         string
}

func readManifest(text []byte) (*manifest, error) {
	m := &manifest{Module: &json.RawMessage{}}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("plugin.json: %w", err)
	}
	raw, ok := m.Module.(*json.RawMessage)
	if !ok || len(*raw) == 0 {
		return nil, fmt.Errorf("plugin.json has no module")
	}
	m.raw = *raw
	if typed, ok := typedModule(m.raw); ok {
		m.Module = typed
	}
	return m, nil
}

// typedModule decodes a module whose every field these structs know; where one
// doesn't, or where a declared field is missing, the structs would change the text.
func typedModule(raw json.RawMessage) (*module, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var typed module
	if decoder.Decode(&typed) != nil {
		return nil, false
	}
	again, err := json.Marshal(&typed)
	return &typed, err == nil && jsonEqual(raw, again)
}

// key is read leniently: a module with unknown fields has a key too.
func (m *manifest) key() (string, error) {
	var some struct{ Meta struct{ Key string } }
	if err := json.Unmarshal(m.raw, &some); err != nil {
		return "", fmt.Errorf("plugin.json's module: %w", err)
	}
	return some.Meta.Key, nil
}

// canonical is what a Go program writes for this manifest.
func (m *manifest) canonical() ([]byte, error) {
	return json.MarshalIndent(m, "", "  ")
}

// jsonEqual compares values, not texts; numbers stay as written.
func jsonEqual(a, b []byte) bool {
	left, errA := decodeAny(a)
	right, errB := decodeAny(b)
	return errA == nil && errB == nil && reflect.DeepEqual(left, right)
}

func decodeAny(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err = decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the JSON value")
	}
	return value, nil
}
