package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Snapshot is a model in the cache.
type Snapshot struct {
	Name   Name
	Commit string
	// Dir is the folder with the model's files.
	Dir string
}

// Files of a model that decide which others there are.
const (
	configFile       = "config.json"
	safetensorsFile  = "model.safetensors"
	safetensorsIndex = "model.safetensors.index.json"
	torchFile        = "pytorch_model.bin"
	torchIndex       = "pytorch_model.bin.index.json"
)

// fileForm is what the names of the files that we take look like: no folders, nothing hidden.
var fileForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]*$`)

// Bounds of what is read of small files.
const (
	maxRef   = 4 << 10
	maxIndex = 64 << 20
)

func (s Settings) modelFolder(n Name) string { return filepath.Join(s.Cache, n.folder()) }

func (s Settings) snapshotFolder(n Name, commit string) string {
	return filepath.Join(s.modelFolder(n), "snapshots", commit)
}

// Cached returns the model as the cache has it, without asking the hub. It reports false if the cache lacks the
// revision or one of the files that a model needs: config.json, and the weights that its index lists.
func (s Settings) Cached(n Name) (Snapshot, bool, error) {
	commit := n.Revision
	if !commitForm.MatchString(commit) {
		b, err := readSmall(filepath.Join(s.modelFolder(n), "refs", filepath.FromSlash(n.Revision)), maxRef)
		if errors.Is(err, fs.ErrNotExist) {
			return Snapshot{}, false, nil
		}
		if err != nil {
			return Snapshot{}, false, fmt.Errorf("model %s in the cache: %w", n, err)
		}
		if commit = strings.TrimSpace(string(b)); !commitForm.MatchString(commit) {
			return Snapshot{}, false, nil
		}
	}
	dir := s.snapshotFolder(n, commit)
	has := func(name string) bool { return isFile(filepath.Join(dir, name)) }
	names, err := weightFiles(dir, has)
	if err != nil {
		return Snapshot{}, false, fmt.Errorf("model %s in the cache: %w", n, err)
	}
	if len(names) == 0 || !has(configFile) || slices.ContainsFunc(names, func(name string) bool { return !has(name) }) {
		return Snapshot{}, false, nil
	}
	return Snapshot{Name: n, Commit: commit, Dir: dir}, true, nil
}

// weightFiles returns the files that hold the weights of a model, in the order of preference that package checkpoint
// has: the only one, or those that an index lists, which is read in the folder. has says which files the model has.
func weightFiles(dir string, has func(name string) bool) ([]string, error) {
	for _, file := range []string{safetensorsFile, safetensorsIndex, torchFile, torchIndex} {
		switch {
		case !has(file):
		case file == safetensorsFile || file == torchFile:
			return []string{file}, nil
		default:
			b, err := readSmall(filepath.Join(dir, file), maxIndex)
			if err != nil {
				return nil, err
			}
			names, err := indexedFiles(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(dir, file), err)
			}
			return names, nil
		}
	}
	return nil, nil
}

// indexedFiles returns the files that an index of weights lists, sorted.
func indexedFiles(index []byte) ([]string, error) {
	var content struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(index, &content); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for tensor, file := range content.WeightMap {
		if !fileForm.MatchString(file) {
			return nil, fmt.Errorf("tensor %q is in %q, want the name of a file beside the index", tensor, file)
		}
		seen[file] = true
	}
	if len(seen) == 0 {
		return nil, errors.New("the index lists no file")
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s: want a regular file of at most %d bytes", path, limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// writeSmall writes a file that appears under its name with all of its content.
func writeSmall(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// link makes the blob appear in the snapshot: as a relative link, so that the cache can be moved, or where the system
// has none as the file itself.
func (s Settings) link(blob, path string) error {
	if isFile(path) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // a link to nowhere
		return err
	}
	if !s.NoSymlinks {
		target, err := filepath.Rel(filepath.Dir(path), blob)
		if err == nil && os.Symlink(target, path) == nil {
			return nil
		}
	}
	return os.Rename(blob, path)
}

// cacheTag tells backup programs to leave the cache out (https://bford.info/cachedir/).
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n" +
	"# This file is a cache directory tag created by huggingface_hub.\n" +
	"# For information about cache directory tags, see:\n" +
	"#\thttps://bford.info/cachedir/\n"

// tag marks the cache, if it is not marked.
func (s Settings) tag() error {
	path := filepath.Join(s.Cache, "CACHEDIR.TAG")
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return writeSmall(path, []byte(cacheTag))
}
