package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/checkpoint/safetensors"
)

// Save writes a new model folder: config.json with the given bytes, and model.safetensors. The folder
// must not exist yet, and appears under its name only when it is complete.
func Save(dir string, config []byte, tensors []safetensors.Entry) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("save model %s: %w", dir, err)
		}
	}()
	if _, err := os.Lstat(dir); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temporary := filepath.Clean(dir) + PartialSuffix
	if err := os.Mkdir(temporary, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(temporary) // the cause says more
		}
	}()
	if err := WriteFile(filepath.Join(temporary, "config.json"), config); err != nil {
		return err
	}
	err = blob.WriteFile(filepath.Join(temporary, "model.safetensors"), func(w io.Writer) error {
		return safetensors.Write(w, tensors, map[string]string{"format": "pt"})
	})
	if err != nil {
		return err
	}
	if err := syncFolder(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(dir))
}
