// Command _template is a plugin of a test.
package main

import "os"

// Version is set when the plugin is linked.
var Version = "dev"

const module = `{"Meta":{"Key":"_template","Name":"_template","Description":"A plugin of a test.","Icon":"","Fixed":false,"LiveCatalog":false,"RequireAIDescription":false,"DefaultTags":null},"Configs":[],"Operations":[{"Title":"All","Description":"","Ops":[{"Key":"greet","Name":"Greet","Description":"","Input":[],"Destructive":false}]}],"OAuth":null,"AllowSessionConfig":false,"DefaultAccess":{"EnableSSO":false,"AllowOthersConnectSSO":false,"MultiAccount":false,"AllowOthersConfigure":false}}`

func main() {
	os.Stdout.WriteString(`{"schema_version":1,"kind":"connector","version":"` + Version + `","proto_version":1,"entry":"","os_arch":[],"sha256":"","signature":"","module":` + module + "}\n")
}
