package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The protocol versions this host speaks, both included.
const (
	minProto = 1
	maxProto = 1
)

var keyRule = regexp.MustCompile(`\A[a-z0-9_]{1,64}\z`)

// policy is what the owner of a host decides.
type policy struct {
	osArch           string
	keys             []ed25519.PublicKey
	requireSignature bool
}

// checkManifest applies the rules that need no binary, in the contract's order, and returns the key.
func (p policy) checkManifest(m *manifest) (string, error) {
	key, err := m.key()
	switch {
	case err != nil:
		return "", err
	case m.SchemaVersion != 1:
		return "", fmt.Errorf("schema_version is %d, not 1", m.SchemaVersion)
	case !keyRule.MatchString(key):
		return "", fmt.Errorf("key %q is not 1 to 64 of a-z, 0-9 and _", key)
	case m.Entry == "" || m.Entry == "." || m.Entry == ".." || m.Entry == "plugin.json" || strings.ContainsAny(m.Entry, "/\\\x00"):
		return "", fmt.Errorf("entry %q is not the name of a file beside plugin.json", m.Entry)
	case !slices.Contains(m.OSArch, p.osArch):
		return "", fmt.Errorf("plugin is for %s, this host is %s", strings.Join(m.OSArch, ", "), p.osArch)
	case m.ProtoVersion < minProto || m.ProtoVersion > maxProto:
		return "", fmt.Errorf("proto_version is %d, this host speaks %d to %d", m.ProtoVersion, minProto, maxProto)
	}
	return key, nil
}

// checkBinary ties the manifest to the bytes that will run.
func (p policy) checkBinary(m *manifest, binary []byte) error {
	sum := sha256.Sum256(binary)
	if got := hex.EncodeToString(sum[:]); got != m.SHA256 {
		return fmt.Errorf("sha256 of `%s` is %s, plugin.json says %q", m.Entry, got, m.SHA256)
	}
	switch {
	case m.Signature == "" && p.requireSignature:
		return fmt.Errorf("plugin is not signed")
	case m.Signature == "" || len(p.keys) == 0 && !p.requireSignature:
		return nil
	}
	for _, key := range p.keys {
		if verify(key, m.SHA256, m.Signature) == nil {
			return nil
		}
	}
	return fmt.Errorf("signature is by none of the %d trusted keys", len(p.keys))
}

// verify checks a signature over the text of the digest, not over its bytes.
func verify(key ed25519.PublicKey, sha256Hex, signature string) error {
	if raw, err := hex.DecodeString(sha256Hex); err != nil || len(raw) != sha256.Size || strings.ToLower(sha256Hex) != sha256Hex {
		return fmt.Errorf("%q is not a sha256 in lower-case hex", sha256Hex)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return fmt.Errorf("signature is not base64 of %d bytes", ed25519.SignatureSize)
	}
	if !ed25519.Verify(key, []byte(sha256Hex), raw) {
		return fmt.Errorf("signature does not match")
	}
	return nil
}
