package prune

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
)

// longRead is from how many bytes on it is told that the weights are read for their checksums.
var longRead int64 = 1 << 30

// sumSource makes sure that from now on every tensor of the model is what it is now, or an error when it is
// read: it reads those that were not read before.
func (r *run) sumSource(ctx context.Context) error {
	in := r.model.Reader
	if in == nil {
		return nil
	}
	var progress func(done, total int64)
	if n := in.UnsummedBytes(); n >= longRead {
		r.options.Log.Info("reading the weights once for their checksums", "bytes", n)
		told := int64(0)
		progress = func(done, total int64) {
			if done-told >= longRead || done == total {
				told = done
				r.event(Event{Stage: StagePrepare, Fraction: float64(done) / float64(total)})
			}
		}
	}
	if err := in.SumAll(ctx, progress); err != nil {
		return fmt.Errorf("model %s: %w", r.model.Path, err)
	}
	r.source = in.Sums().SHA256()
	r.report.Settings = fingerprint(r.settings, r.source)
	return nil
}

// compareSource reports which tensors are not those that an interrupted run has worked with.
func (r *run) compareSource(then map[string]string) error {
	changed := map[string][]string{} // by file
	for _, name := range slices.Sorted(maps.Keys(r.source)) {
		if then[name] != r.source[name] {
			info, _ := r.model.Reader.Info(name)
			changed[info.File] = append(changed[info.File], name)
		}
	}
	var differences []string
	for _, file := range slices.Sorted(maps.Keys(changed)) {
		names := changed[file]
		text := fmt.Sprintf("input file %s has changed: tensor %s is another", file, names[0])
		if n := len(names) - 1; n > 0 {
			text += fmt.Sprintf(", and so are %d more", n)
		}
		differences = append(differences, text)
	}
	if len(differences) == 0 {
		return nil
	}
	return &SettingsError{differences}
}

// inputSettings describes the files of the model. Of weight files their sizes and ends are enough, since
// tensors have sums of their own. Times say nothing about content, and a copy of the model is as good as it.
func inputSettings(m *models.Model) (list []Setting, err error) {
	if m.Reader == nil || m.FS == nil {
		return nil, nil
	}
	needed := m.Reader.NeededFiles()
	for i, name := range append(needed, m.Reader.Files()...) {
		v, err := describeFile(m.FS, name, i < len(needed) || isIndex(name))
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", m.Path, err)
		}
		list = append(list, Setting{inputFile + name, v})
	}
	return list, nil
}

// inputFile begins the names of settings that describe files of the model.
const inputFile = "input file "

func isIndex(name string) bool { return strings.HasSuffix(name, ".json") }

// described is how much of the two ends of a weight file its checksum is over. The header fits, whatever the
// model.
const described = 1 << 20

// describeFile returns the size of a file and a checksum, of all of it or of its two ends.
func describeFile(fsys fs.FS, name string, whole bool) (string, error) {
	f, err := inputfile.Open(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "none", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if whole {
		_, err = io.Copy(h, f)
	} else if _, err = io.CopyN(h, f, min(described, info.Size())); err == nil && info.Size() > described {
		if at, ok := f.(io.ReaderAt); ok {
			_, err = io.Copy(h, io.NewSectionReader(at, max(described, info.Size()-described), described))
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Sprintf("%d bytes, %s", info.Size(), hex.EncodeToString(h.Sum(nil)[:8])), nil
}
