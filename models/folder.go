package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models/demo"
)

// demoPrefix marks the names of embedded models.
const demoPrefix = "demo:"

// Folder returns the files of a model: of the embedded one for "demo:llama" and "demo:opt", else of
// the folder at path.
func Folder(path string) (fs.FS, error) {
	if name, ok := strings.CutPrefix(path, demoPrefix); ok {
		fsys, ok := demo.FS(name)
		if !ok {
			return nil, fmt.Errorf("unknown demo model %q, want %s%s", path, demoPrefix, strings.Join(demo.Names(), " or "+demoPrefix))
		}
		return fsys, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("model folder %s does not exist", path)
	}
	if err != nil {
		return nil, fmt.Errorf("model folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("model folder %s is not a folder", path)
	}
	return os.DirFS(path), nil
}

const (
	configFile = "config.json"
	// maxConfig bounds what is read of a config.json; real ones have about a kilobyte.
	maxConfig = 4 << 20
)

// ReadConfig returns the text of config.json. Errors do not name the file, the caller does.
func ReadConfig(fsys fs.FS) ([]byte, error) {
	b, err := inputfile.Read(fsys, configFile, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file does not exist")
	}
	return b, inputfile.Cause(err)
}
