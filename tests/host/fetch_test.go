package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shop serves a catalog with an ETag, and one zip behind a redirect.
type shop struct {
	*httptest.Server
	catalog     string
	zip         []byte
	notModified int
}

func newShop(t *testing.T, edit func(m map[string]any, files *[]file)) *shop {
	t.Helper()
	s := &shop{zip: packed(t, edit)}
	mux := http.NewServeMux()
	mux.HandleFunc("/plugins.json", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(s.catalog))
		etag := `"` + hex.EncodeToString(sum[:]) + `"`
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			s.notModified++
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write([]byte(s.catalog))
	})
	mux.Handle("/slack.zip", http.RedirectHandler("/stored", http.StatusFound))
	mux.HandleFunc("/stored", func(w http.ResponseWriter, _ *http.Request) { w.Write(s.zip) })
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// list makes a catalog of these entries; every asset is the zip.
func (s *shop) list(t *testing.T, entries ...map[string]any) {
	t.Helper()
	for _, entry := range entries {
		if entry["assets"] == nil {
			entry["assets"] = map[string]string{"linux/amd64": s.URL + "/slack.zip"}
		}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	s.catalog = string(text)
}

func (s *shop) fetch(dir string, more ...string) (string, error) {
	var out bytes.Buffer
	err := run(append([]string{"fetch", s.URL + "/plugins.json", "slack", dir, "-os-arch", "linux/amd64"}, more...), &out)
	return out.String(), err
}

func TestFetchInstallsFromACatalog(t *testing.T) {
	s, dir, cache := newShop(t, nil), t.TempDir(), filepath.Join(t.TempDir(), "cache")
	sum := sha256.Sum256(s.zip)
	slack := map[string]any{"key": "slack", "name": "S", "version": "1.2.3", "surprise": []int{1},
		"digests": map[string]string{"linux/amd64": hex.EncodeToString(sum[:])}}
	// Entries without key or name are skipped: these would be found first.
	s.list(t, map[string]any{"key": "slack", "version": "9.9.9"}, map[string]any{"name": "S", "version": "9.9.9"}, slack)
	for i, want := range []string{"slack 1.2.3 (catalog new)\n", "slack 1.2.3 (catalog not modified)\n"} {
		said, err := s.fetch(dir, "-cache", cache)
		if err != nil || said != want || s.notModified != i {
			t.Fatalf("%q, %v, %d times 304", said, err, s.notModified)
		}
	}
	// Another catalog has another ETag.
	slack["version"] = "1.2.4"
	s.list(t, slack)
	if said, err := s.fetch(dir, "-cache", cache); err != nil || said != "slack 1.2.4 (catalog new)\n" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "slack", "plugin.json")); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestFetchRefuses(t *testing.T) {
	entry := func(field string, value any) map[string]any {
		return map[string]any{"key": "slack", "name": "S", "version": "1.2.3", field: value}
	}
	another := func(m map[string]any, _ *[]file) {
		m["module"] = map[string]any{"Meta": map[string]string{"Key": "other"}}
	}
	for name, c := range map[string]struct {
		entry map[string]any
		edit  func(map[string]any, *[]file)
		args  []string
		want  string
	}{
		"not listed":     {entry("key", "other"), nil, nil, "catalog has no `slack`"},
		"no name":        {entry("name", ""), nil, nil, "catalog has no `slack`"},
		"other target":   {entry("assets", map[string]string{"linux/arm64": "http://x"}), nil, nil, "for linux/amd64"},
		"wrong digest":   {entry("digests", map[string]string{"linux/amd64": "00"}), nil, nil, "the catalog says 00"},
		"too large":      {entry("description", strings.Repeat("x", maxCatalogBytes)), nil, nil, "more than 1048576 bytes"},
		"large zip":      {entry("x", 1), nil, []string{"-max-bytes", "10"}, "more than 10 bytes"},
		"another plugin": {entry("x", 1), another, nil, "is `other`"},
		"unsigned":       {entry("x", 1), nil, []string{"-require-signature"}, "not signed"},
	} {
		s, dir := newShop(t, c.edit), t.TempDir()
		s.list(t, c.entry)
		if _, err := s.fetch(dir, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
	s := newShop(t, nil)
	for text, want := range map[string]string{"<html>": "invalid character", "{}": "cannot unmarshal"} {
		s.catalog = text
		if _, err := s.fetch(t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
