package sdk

import "time"

// Module is what a plugin declares about itself. The field names are the JSON
// keys that hosts read, which is why none of them carries a tag.
type Module struct {
	Meta               Meta
	Configs            []Config
	Operations         []Category
	OAuth              *OAuth
	AllowSessionConfig bool
	DefaultAccess      AccessDefaults
}

// AccessDefaults is what each new instance of the plugin allows until an
// administrator decides otherwise.
type AccessDefaults struct {
	EnableSSO             bool
	AllowOthersConnectSSO bool
	MultiAccount          bool
	AllowOthersConfigure  bool
}

// Meta names the plugin. Key equals the plugin's folder.
type Meta struct {
	Key                  string
	Name                 string
	Description          string
	Icon                 string
	Fixed                bool
	LiveCatalog          bool
	RequireAIDescription bool
	DefaultTags          []Tag
}

// Tag sorts plugins on a host's screens.
type Tag struct {
	Name        string
	Description string
	IsGroup     bool
	IsFilter    bool
	IsSystem    bool
	SortOrder   int
}

// Config is one setting of the plugin, or one input of an operation.
type Config struct {
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

// Category groups operations under a title.
type Category struct {
	Title       string
	Description string
	Ops         []Operation
}

// Operation is one thing a host may ask for by Key.
type Operation struct {
	Key         string
	Name        string
	Description string
	Input       []Config
	Destructive bool
	ConfigOnly  bool
}

// OAuth tells a host how its users sign in to the service behind the plugin.
type OAuth struct {
	AuthorizeURL string
	TokenURL     string
	ExtraParams  map[string]string
	Scopes       []string
	DisplayName  string
	Icon         string
}

// complete replaces nil lists, so that a host reads `[]` where the contract says list.
func (m Module) complete() Module {
	m.Configs = append([]Config{}, m.Configs...)
	m.Operations = append([]Category{}, m.Operations...)
	for i, category := range m.Operations {
		ops := append([]Operation{}, category.Ops...)
		for j := range ops {
			ops[j].Input = append([]Config{}, ops[j].Input...)
		}
		m.Operations[i].Ops = ops
	}
	return m
}
