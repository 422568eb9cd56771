package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// maxCatalogBytes is as much of a catalog as a reader takes.
const maxCatalogBytes = 1 << 20

// catalogEntry is what a reader knows of an entry; whatever else is there it ignores.
type catalogEntry struct {
	Key         string            `json:"key"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Version     string            `json:"version"`
	DefaultTags []tag             `json:"default_tags"`
	Assets      map[string]string `json:"assets"`
	Digests     map[string]string `json:"digests"`
}

// web is where a host reads from: a host waits, but not for ever.
var web = &http.Client{Timeout: time.Minute}

func runFetch(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	pubkey := flags.String("pubkey", "", "")
	require := flags.Bool("require-signature", false, "")
	osArch := flags.String("os-arch", runtime.GOOS+"/"+runtime.GOARCH, "")
	maxBytes := flags.Int64("max-bytes", defaultMaxBytes, "")
	cache := flags.String("cache", "", "")
	words, err := parse(flags, args, 3)
	if err != nil {
		return err
	}
	p := policy{osArch: *osArch, requireSignature: *require}
	if *pubkey != "" {
		if p.keys, err = publicKeys(*pubkey); err != nil {
			return err
		}
	}
	text, how, err := getCatalog(words[0], *cache)
	if err != nil {
		return err
	}
	entries, err := readCatalog(text)
	if err != nil {
		return err
	}
	entry, err := p.fetch(entries, words[1], words[2], *maxBytes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s %s (catalog %s)\n", entry.Key, entry.Version, how)
	return err
}

// getCatalog reads the raw file. With a folder to cache in, it asks only whether the file it has is still the one.
func getCatalog(url, cache string) (text []byte, how string, err error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %v", errUsage, err)
	}
	textAt, tagAt := filepath.Join(cache, "plugins.json"), filepath.Join(cache, "etag")
	var known []byte
	if cache != "" {
		if etag, err := os.ReadFile(tagAt); err == nil {
			if known, err = os.ReadFile(textAt); err == nil {
				request.Header.Set("If-None-Match", string(etag))
			}
		}
	}
	response, err := web.Do(request)
	if err != nil {
		return nil, "", fmt.Errorf("catalog: %w", err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && known != nil:
		return known, "not modified", nil
	case response.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("catalog: %s answers %s", url, response.Status)
	}
	if text, err = readAtMost(response.Body, maxCatalogBytes); err != nil {
		return nil, "", fmt.Errorf("catalog: %w", err)
	}
	if etag := response.Header.Get("ETag"); cache != "" && etag != "" {
		if err := os.MkdirAll(cache, 0o755); err != nil {
			return nil, "", err
		}
		// The tag last: without it, the next one asks for the whole file.
		if err := writeWhole(textAt, text, 0o644); err != nil {
			return nil, "", err
		}
		if err := writeWhole(tagAt, []byte(etag), 0o644); err != nil {
			return nil, "", err
		}
	}
	return text, "new", nil
}

func readAtMost(from io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}

// readCatalog skips entries that are no use, and ignores fields it doesn't know.
func readCatalog(text []byte) ([]catalogEntry, error) {
	var all, kept []catalogEntry
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	for _, entry := range all {
		if entry.Key != "" && entry.Name != "" {
			kept = append(kept, entry)
		}
	}
	return kept, nil
}

// fetch installs a plugin by its name in the catalog.
func (p policy) fetch(entries []catalogEntry, key, dir string, maxBytes int64) (*catalogEntry, error) {
	for i := range entries {
		if entry := &entries[i]; entry.Key == key {
			return entry, p.fetchEntry(entry, dir, maxBytes)
		}
	}
	return nil, fmt.Errorf("catalog has no `%s`", key)
}

func (p policy) fetchEntry(entry *catalogEntry, dir string, maxBytes int64) error {
	url := entry.Assets[p.osArch]
	if url == "" {
		return fmt.Errorf("catalog has no `%s` for %s", entry.Key, p.osArch)
	}
	response, err := web.Get(url)
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("download: %s answers %s", url, response.Status)
	}
	data, err := readAtMost(response.Body, maxBytes)
	if err != nil {
		return fmt.Errorf("download %s: %w", url, err)
	}
	sum := sha256.Sum256(data)
	if got, want := hex.EncodeToString(sum[:]), entry.Digests[p.osArch]; want != "" && got != want {
		return fmt.Errorf("sha256 of %s is %s, the catalog says %s", url, got, want)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// Into a folder beside, so that a zip of another plugin replaces nothing.
	aside, err := os.MkdirTemp(dir, ".fetched-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	key, err := p.install(archive, aside, maxBytes)
	if err != nil {
		return err
	}
	if key != entry.Key {
		return fmt.Errorf("%s is `%s`, the catalog says `%s`", url, key, entry.Key)
	}
	_, err = p.install(archive, dir, maxBytes)
	return err
}
