package main

import (
	"archive/zip"
	"fmt"
	"io"
	"path"
	"strings"
)

// What a host is willing to unpack, whatever the zip's directory claims.
const (
	defaultMaxBytes  = 512 << 20
	maxManifestBytes = 1 << 20
	maxFiles         = 1000
)

// contents is an archive that passed every rule about names and sizes.
type contents struct {
	manifest []byte
	folder   string
	files    map[string]*zip.File
	maxBytes int64
}

// openZip checks every name before anything is unpacked: one bad entry spoils the archive.
func openZip(archive *zip.Reader, maxBytes int64) (*contents, error) {
	if len(archive.File) > maxFiles {
		return nil, fmt.Errorf("archive has %d entries, more than %d", len(archive.File), maxFiles)
	}
	c := &contents{files: map[string]*zip.File{}, maxBytes: maxBytes}
	seen := map[string]bool{}
	var total uint64
	for _, file := range archive.File {
		if err := checkEntry(file); err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(file.Name, "/")
		// Two names that differ in case only are one file on some systems.
		if folded := strings.ToLower(name); seen[folded] {
			return nil, fmt.Errorf("archive has `%s` twice", name)
		} else {
			seen[folded] = true
		}
		if total += file.UncompressedSize64; total > uint64(maxBytes) || file.UncompressedSize64 > uint64(maxBytes) {
			return nil, fmt.Errorf("archive unpacks to more than %d bytes", maxBytes)
		}
		if !file.Mode().IsDir() {
			c.files[name] = file
		}
	}
	folder, err := manifestFolder(c.files)
	if err != nil {
		return nil, err
	}
	c.folder = folder
	c.manifest, err = c.read("plugin.json", maxManifestBytes)
	return c, err
}

func checkEntry(file *zip.File) error {
	name := file.Name
	switch {
	case name == "" || strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("archive entry has a bad name: %q", name)
	case strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':':
		return fmt.Errorf("archive entry has an absolute name: %q", name)
	case path.Clean(name) != strings.TrimSuffix(name, "/") || name == "." || name == ".." || strings.HasPrefix(name, "../"):
		return fmt.Errorf("archive entry leaves its folder: %q", name)
	case !file.Mode().IsRegular() && !file.Mode().IsDir():
		return fmt.Errorf("archive entry is no regular file: %q", name)
	}
	return nil
}

// manifestFolder finds plugin.json: at the root, or in the archive's only folder.
func manifestFolder(files map[string]*zip.File) (string, error) {
	if files["plugin.json"] != nil {
		return "", nil
	}
	folders := map[string]bool{}
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		folders[first] = true
	}
	for folder := range folders {
		if len(folders) == 1 && files[folder+"/plugin.json"] != nil {
			return folder, nil
		}
	}
	return "", fmt.Errorf("archive has no plugin.json")
}

// read unpacks one file, and counts for itself: the size in the directory may lie.
func (c *contents) read(name string, limit int64) ([]byte, error) {
	file := c.files[path.Join(c.folder, name)]
	if file == nil {
		return nil, fmt.Errorf("archive has no `%s`", name)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("unpack `%s`: %w", name, err)
	}
	defer content.Close()
	data, err := io.ReadAll(io.LimitReader(content, limit+1))
	if err != nil {
		return nil, fmt.Errorf("unpack `%s`: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("`%s` has more than %d bytes", name, limit)
	}
	return data, nil
}
