package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func runKeygen(args []string, out io.Writer) error {
	words, err := parse(flag.NewFlagSet("keygen", flag.ContinueOnError), args, 1)
	if err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	// Never over an existing file: that would destroy somebody's key.
	file, err := os.OpenFile(words[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(file, base64.StdEncoding.EncodeToString(private)); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, base64.StdEncoding.EncodeToString(public))
	return err
}

func runCheckSig(args []string, out io.Writer) error {
	words, err := parse(flag.NewFlagSet("checksig", flag.ContinueOnError), args, 3)
	if err != nil {
		return err
	}
	keys, err := publicKeys(words[0])
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err = verify(key, words[1], words[2]); err == nil {
			_, err = fmt.Fprintln(out, "ok")
			return err
		}
	}
	return err
}

// publicKeys reads the form of WICK_PLUGIN_PUBKEY.
func publicKeys(list string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, text := range strings.Split(list, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("public key %q is not base64 of %d bytes", text, ed25519.PublicKeySize)
		}
		keys = append(keys, raw)
	}
	return keys, nil
}
