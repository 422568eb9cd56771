package main

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const modJSON = `{"Meta":{"Key":"slack","Name":"S","Description":"a < b & c, für alle","Icon":"","Fixed":false,"LiveCatalog":false,"RequireAIDescription":false,"DefaultTags":null},"Configs":[],"Operations":[],"OAuth":null,"AllowSessionConfig":false,"DefaultAccess":{"EnableSSO":false,"AllowOthersConnectSSO":false,"MultiAccount":false,"AllowOthersConfigure":false},"New":{"z":1,"a":[]}}`

type file struct {
	name string
	mode fs.FileMode
	data string
}

// pack is the valid archive, changed by edit.
func pack(t *testing.T, edit func(m map[string]any, files *[]file)) *zip.Reader {
	t.Helper()
	return open(t, packed(t, edit))
}

// packed is the same as bytes.
func packed(t *testing.T, edit func(m map[string]any, files *[]file)) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte("binary"))
	m := map[string]any{"schema_version": 1, "kind": "connector", "version": "1.2.3", "proto_version": 1, "entry": "slack",
		"os_arch": []string{"linux/amd64"}, "sha256": hex.EncodeToString(sum[:]), "signature": "", "module": json.RawMessage(modJSON)}
	files := []file{{"slack", 0o755, "binary"}}
	if edit != nil {
		edit(m, &files)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	folder := ""
	if strings.HasPrefix(files[0].name, "sub/") {
		folder = "sub/"
	}
	return write(t, append(files, file{folder + "plugin.json", 0o644, string(text)}))
}

func write(t *testing.T, files []file) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		header.SetMode(f.mode)
		part, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(f.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func open(t *testing.T, data []byte) *zip.Reader {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && err != zip.ErrInsecurePath {
		t.Fatal(err)
	}
	return r
}

var linux = policy{osArch: "linux/amd64"}

func TestInstallWritesBinaryAndManifest(t *testing.T) {
	for _, edit := range []func(map[string]any, *[]file){
		nil,
		func(_ map[string]any, files *[]file) { (*files)[0].name = "sub/slack" },
		func(_ map[string]any, files *[]file) { *files = append(*files, file{"README.md", 0o644, "more"}) },
	} {
		dir := t.TempDir()
		key, err := linux.install(pack(t, edit), dir, 1<<20)
		if err != nil || key != "slack" {
			t.Fatalf("%s, %v", key, err)
		}
		info, err := os.Stat(filepath.Join(dir, "slack", "slack"))
		if err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("binary: %v, %v", info, err)
		}
		entries, _ := os.ReadDir(filepath.Join(dir, "slack"))
		if len(entries) != 2 {
			t.Errorf("installed %v", entries)
		}
	}
}

func TestInstallRefuses(t *testing.T) {
	set := func(field string, value any) func(map[string]any, *[]file) {
		return func(m map[string]any, _ *[]file) { m[field] = value }
	}
	key := func(key string) func(map[string]any, *[]file) {
		return set("module", map[string]any{"Meta": map[string]string{"Key": key}})
	}
	add := func(name string, mode fs.FileMode) func(map[string]any, *[]file) {
		return func(_ map[string]any, files *[]file) { *files = append(*files, file{name, mode, "x"}) }
	}
	for name, c := range map[string]struct {
		edit func(map[string]any, *[]file)
		want string
	}{
		"wrong arch":      {set("os_arch", []string{"darwin/arm64"}), "this host is linux/amd64"},
		"wrong proto":     {set("proto_version", 2), "proto_version"},
		"wrong schema":    {set("schema_version", 2), "schema_version"},
		"altered hash":    {set("sha256", strings.Repeat("0", 64)), "sha256"},
		"entry elsewhere": {set("entry", "../slack"), "entry"},
		"entry missing":   {set("entry", "other"), "no `other`"},
		"no module":       {func(m map[string]any, _ *[]file) { delete(m, "module") }, "no module"},
		"altered binary":  {func(_ map[string]any, f *[]file) { (*f)[0].data = "Binary" }, "sha256"},
		"key ../x":        {key("../x"), "key"},
		"key a/b":         {key("a/b"), "key"},
		"key a-b":         {key("a-b"), "key"},
		"key A":           {key("A"), "key"},
		"key empty":       {key(""), "key"},
		"key newline":     {key("a\n"), "key"},
		"key too long":    {key(strings.Repeat("a", 65)), "key"},
		"slip":            {add("../evil", 0o644), "leaves its folder"},
		"inner slip":      {add("a/../../evil", 0o644), "leaves its folder"},
		"backslash":       {add(`..\evil`, 0o644), "bad name"},
		"absolute":        {add("/etc/evil", 0o644), "absolute"},
		"drive":           {add("C:/evil", 0o644), "absolute"},
		"symlink":         {add("link", fs.ModeSymlink|0o777), "no regular file"},
		"duplicate":       {add("slack", 0o755), "twice"},
		"other case":      {add("SLACK", 0o755), "twice"},
		"oversize":        {func(_ map[string]any, f *[]file) { (*f)[0].data = strings.Repeat("x", 1<<20) }, "more than"},
	} {
		dir := t.TempDir()
		_, err := linux.install(pack(t, c.edit), dir, 1<<20)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestSignatureRules(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	other, _, _ := ed25519.GenerateKey(nil)
	sum := sha256.Sum256([]byte("binary"))
	good := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(hex.EncodeToString(sum[:]))))
	overBytes := base64.StdEncoding.EncodeToString(ed25519.Sign(private, sum[:]))
	for _, c := range []struct {
		name      string
		signature string
		keys      []ed25519.PublicKey
		require   bool
		want      string
	}{
		{"unsigned, nothing asked", "", nil, false, ""},
		{"unsigned, required", "", []ed25519.PublicKey{public}, true, "not signed"},
		{"signed, no keys", good, nil, false, ""},
		{"signed, required, no keys", good, nil, true, "none of the 0"},
		{"signed", good, []ed25519.PublicKey{other, public}, true, ""},
		{"stranger", good, []ed25519.PublicKey{other}, false, "none of the 1"},
		{"over bytes", overBytes, []ed25519.PublicKey{public}, false, "none of the 1"},
		{"altered", "A" + good[1:], []ed25519.PublicKey{public}, false, "none of the 1"},
	} {
		p := policy{osArch: "linux/amd64", keys: c.keys, requireSignature: c.require}
		r := pack(t, func(m map[string]any, _ *[]file) { m["signature"] = c.signature })
		_, err := p.install(r, t.TempDir(), 1<<20)
		// One in 64 signatures starts with A; altering it then changes nothing.
		if c.name == "altered" && good[0] == 'A' {
			continue
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
}

func TestCanonicalKeepsUnknownFieldsInPlace(t *testing.T) {
	text := []byte(`{"module":` + modJSON + `,"version":"1","schema_version":1,"proto_version":1,"entry":"s","os_arch":["a/b"],"sha256":"","signature":""}`)
	m, err := readManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.canonical()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"{\n  \"schema_version\": 1,\n  \"version\": \"1\",", `a \u003c b \u0026 c, für alle`, "\"New\": {\n      \"z\": 1,\n      \"a\": []\n    }", `"Configs": [],`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
	typed, err := readManifest([]byte(strings.Replace(string(text), `,"New":{"z":1,"a":[]}`, "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := typed.Module.(*module); !ok {
		t.Error("a module with known fields only is decoded into structs")
	}
}

func TestKeygenMakesAKeyThatSigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var out bytes.Buffer
	if err := run([]string{"keygen", path}, &out); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(path)
	text, _ := os.ReadFile(path)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(text), "\n"))
	if err != nil || len(raw) != 64 || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %d bytes, %v", err, len(raw), info.Mode())
	}
	digest := strings.Repeat("ab", 32)
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(raw, []byte(digest)))
	public := strings.TrimSpace(out.String())
	if err := run([]string{"checksig", public, digest, signature}, &out); err != nil {
		t.Error(err)
	}
	if err := run([]string{"checksig", public, strings.Repeat("cd", 32), signature}, &out); err == nil {
		t.Error("a signature over another digest counts")
	}
	if err := run([]string{"keygen", path}, &out); err == nil {
		t.Error("an existing key is overwritten")
	}
}
