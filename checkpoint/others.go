package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/internal/inputfile"
)

// otherFile is a file of the source folder, no weights, that belongs into the output.
type otherFile struct {
	name string
	path string // for the operating system, links followed; empty when the source is no folder of the system
}

// neededFiles are those without which programs do not load a model, or use it in another way.
var neededFiles = []string{
	"config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
	"vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
}

// others lists the files of the source folder that are copied. Outputs are made to be published, so a
// link is followed only if it ends where the model is; else it is left out with a warning, or refused if
// the output would be of no use without it.
func (w *Writer) others() ([]otherFile, error) {
	list, err := fs.ReadDir(w.srcFS, ".")
	if err != nil {
		return nil, err
	}
	dir, ofSystem := inputfile.SystemFolder(w.srcFS)
	if ofSystem {
		if dir, err = realPath(dir); err != nil {
			return nil, err
		}
	}
	var files []otherFile
	for _, e := range list {
		f := otherFile{name: e.Name()}
		if w.isOurs(f.name) || isWeights(f.name) || e.IsDir() || w.changed && aboutWeights(f.name) {
			continue
		}
		if !ofSystem {
			if info, err := fs.Stat(w.srcFS, f.name); err == nil && info.Mode().IsRegular() {
				files = append(files, f)
			}
			continue
		}
		if f.path = filepath.Join(dir, f.name); e.Type()&fs.ModeSymlink != 0 {
			if f.path, err = w.followLink(dir, f.name); err != nil {
				return nil, err
			}
		}
		if info, err := os.Stat(f.path); err == nil && info.Mode().IsRegular() {
			files = append(files, f)
		}
	}
	return files, nil
}

// followLink returns where a link in the source folder ends. It is empty for a link that is left out.
func (w *Writer) followLink(dir, name string) (string, error) {
	link := filepath.Join(dir, name)
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		target, _ := os.Readlink(link)
		w.warn(name, "the link cannot be followed", "link", link, "target", target)
		return "", nil
	}
	if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() || isInside(real, dir) {
		return real, nil
	}
	if blobs := cacheBlobs(dir); blobs != "" && isInside(real, blobs) {
		return real, nil
	}
	if slices.Contains(neededFiles, name) {
		return "", fmt.Errorf("%s is a link to %s, outside of the model folder: its content would go into the output. "+
			"Replace the link by a copy if that is meant", link, real)
	}
	w.warn(name, "the file is left out of the output: it is a link to a place outside of the model folder", "link", link, "target", real)
	return "", nil
}

// cacheBlobs returns the folder in which the Hugging Face cache keeps the files that dir, a folder
// models--ORG--NAME/snapshots/REVISION of it, has links to. It is empty for other folders.
func cacheBlobs(dir string) string {
	snapshots := filepath.Dir(dir)
	repository := filepath.Dir(snapshots)
	blobs := filepath.Join(repository, "blobs")
	if filepath.Base(snapshots) != "snapshots" || !strings.HasPrefix(filepath.Base(repository), "models--") {
		return ""
	}
	if info, err := os.Lstat(blobs); err != nil || !info.IsDir() {
		return ""
	}
	return blobs
}

// realPath makes a path absolute and free of links.
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// warn says once per file why it is not in the output.
func (w *Writer) warn(name, message string, args ...any) {
	if !w.warned[name] {
		w.warned[name] = true
		w.log.Warn(message, args...)
	}
}

// copyOthers copies the files of the source folder that are no weights and were not put.
func (w *Writer) copyOthers() error {
	files, err := w.others()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.name == pruningFile {
			err = w.copyPruning()
		} else {
			err = w.copyFile(f)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", f.name, err)
		}
	}
	return w.checkFiles(files)
}

// copyFile copies a file of the source folder. A name that only some systems know, and that of the output
// does not, is left out with a warning.
func (w *Writer) copyFile(f otherFile) error {
	in, err := w.openOther(f)
	if err != nil {
		return err
	}
	defer in.Close()
	if filepath.Base(f.name) != f.name || !filepath.IsLocal(f.name) {
		err = errors.New("the system has no such names")
	} else {
		err = w.placeFile(filepath.Join(modelFolder, f.name), in)
		var rename *os.LinkError
		if err == nil || plainName(f.name) && utf8.ValidString(f.name) || !errors.As(err, &rename) {
			return err
		}
		err = rename.Err
	}
	w.warn(f.name, "the file is left out of the output: the output folder takes no file of that name", "file", blob.Quote(f.name), "error", err)
	return nil
}

// openOther opens a file for copying.
func (w *Writer) openOther(f otherFile) (io.ReadCloser, error) {
	if f.path == "" {
		return inputfile.Open(w.srcFS, f.name)
	}
	return inputfile.OpenPath(f.path)
}

// copyPruning copies pruning.json without the list of packed tensors, which are dense in the output.
func (w *Writer) copyPruning() error {
	text, err := readPruning(w.srcFS)
	if err != nil {
		return err
	}
	_, rest, err := splitPruning(text)
	if err != nil || rest == nil {
		return err
	}
	return w.placeFile(filepath.Join(modelFolder, pruningFile), bytes.NewReader(rest))
}

// isWeights recognises files that hold the unchanged weights in some format, or say where they are.
// Beside changed weights they would be stale, and another program might load them instead.
func isWeights(name string) bool {
	name = strings.ToLower(name)
	for _, suffix := range []string{
		".safetensors", ".safetensors.index.json", ".bin.index.json", ".h5", ".h5.index.json",
		".msgpack", ".msgpack.index.json", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".onnx_data",
	} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, "pytorch_model") && strings.HasSuffix(name, ".bin")
}
