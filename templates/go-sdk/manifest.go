package sdk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Version is set when the plugin is linked; a plain `go build` leaves "dev".
var Version = "dev"

// envelope is the manifest as `--dump-manifest` prints it. Whoever packs the
// plugin rewrites what a binary can't know of its release.
type envelope struct {
	SchemaVersion int      `json:"schema_version"`
	Kind          string   `json:"kind,omitempty"`
	Version       string   `json:"version"`
	ProtoVersion  int      `json:"proto_version"`
	Entry         string   `json:"entry"`
	OSArch        []string `json:"os_arch"`
	SHA256        string   `json:"sha256"`
	Signature     string   `json:"signature"`
	Module        Module   `json:"module"`
}

// dumpManifest writes the envelope as one line.
func dumpManifest(out io.Writer, kind string, m Module) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	digest, err := fileDigest(path)
	if err != nil {
		return err
	}
	line, err := json.Marshal(envelope{
		SchemaVersion: 1,
		Kind:          kind,
		Version:       Version,
		ProtoVersion:  protoVersion,
		Entry:         filepath.Base(path),
		OSArch:        []string{runtime.GOOS + "/" + runtime.GOARCH},
		SHA256:        digest,
		Module:        m,
	})
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	return err
}

func fileDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
