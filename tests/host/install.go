package main

import (
	"archive/zip"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

func runInstall(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	pubkey := flags.String("pubkey", "", "")
	require := flags.Bool("require-signature", false, "")
	osArch := flags.String("os-arch", runtime.GOOS+"/"+runtime.GOARCH, "")
	maxBytes := flags.Int64("max-bytes", defaultMaxBytes, "")
	words, err := parse(flags, args, 2)
	if err != nil {
		return err
	}
	p := policy{osArch: *osArch, requireSignature: *require}
	if *pubkey != "" {
		if p.keys, err = publicKeys(*pubkey); err != nil {
			return err
		}
	}
	archive, err := zip.OpenReader(words[0])
	if err != nil {
		return fmt.Errorf("open %s: %w", words[0], err)
	}
	defer archive.Close()
	key, err := p.install(&archive.Reader, words[1], *maxBytes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key)
	return err
}

// install verifies everything before it writes anything.
func (p policy) install(archive *zip.Reader, dir string, maxBytes int64) (string, error) {
	c, err := openZip(archive, maxBytes)
	if err != nil {
		return "", err
	}
	m, err := readManifest(c.manifest)
	if err != nil {
		return "", err
	}
	key, err := p.checkManifest(m)
	if err != nil {
		return "", err
	}
	binary, err := c.read(m.Entry, c.maxBytes)
	if err != nil {
		return "", err
	}
	if err := p.checkBinary(m, binary); err != nil {
		return "", err
	}
	home := filepath.Join(dir, key)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	// The manifest last: with it a host finds the plugin, so the binary must be there.
	if err := writeWhole(filepath.Join(home, m.Entry), binary, 0o755); err != nil {
		return "", err
	}
	return key, writeWhole(filepath.Join(home, "plugin.json"), c.manifest, 0o644)
}

// writeWhole makes a file appear at once or not at all.
func writeWhole(path string, data []byte, mode os.FileMode) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Chmod(mode)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func runCanon(args []string, out io.Writer) error {
	words, err := parse(flag.NewFlagSet("canon", flag.ContinueOnError), args, 1)
	if err != nil {
		return err
	}
	archive, err := zip.OpenReader(words[0])
	if err != nil {
		return fmt.Errorf("open %s: %w", words[0], err)
	}
	defer archive.Close()
	c, err := openZip(&archive.Reader, defaultMaxBytes)
	if err != nil {
		return err
	}
	m, err := readManifest(c.manifest)
	if err != nil {
		return err
	}
	if _, ok := m.Module.(*module); !ok {
		fmt.Fprintln(os.Stderr, "note: the module has fields these structs don't know, it is passed through")
	}
	text, err := m.canonical()
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}
