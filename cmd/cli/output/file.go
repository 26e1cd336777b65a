// Package output is where results go: files that a flag names, and folders of models. It refuses what would harm an
// input, and leaves no half-written output under its final name.
package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/cmd/cli/session"
)

// File is a file that a flag names for a result. Whether it may be written is decided here and nowhere
// else: before the work, so that nobody waits for a refusal, and again when the result is there.
type File struct {
	Flag, Path string   // no path: no file is wanted
	Inputs     []string // files and folders that the command reads
	Models     []string // model folders that the command makes
}

// Check says why the file may not be written, if so. It refuses what the command reads, whatever it is
// called and through whatever links; what belongs to a model that the command makes; and whatever is
// neither a regular file nor something that bytes can be sent into, such as a pipe or a terminal.
func (f *File) Check() error {
	if f.Path == "" {
		return nil
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		if _, err := os.Lstat(f.Path); err == nil {
			return f.refuse("is a link that leads nowhere")
		}
		info = nil
	}
	if info != nil && !info.Mode().IsRegular() {
		return f.checkKind(info.Mode())
	}
	abs, err := resolve(f.Path)
	if err != nil {
		return fmt.Errorf("--%s: %w", f.Flag, err)
	}
	for _, in := range f.Inputs {
		if how := partOf(abs, info, in); how != "" {
			return f.refuse("%s %s", how, in)
		}
	}
	for _, out := range f.Models {
		if target, err := resolve(out); err == nil {
			if within(abs, target+checkpoint.PartialSuffix) {
				return f.refuse("is or lies in the folder of unfinished work of %s", out)
			}
			if within(abs, target) {
				return f.checkBeside(abs, target)
			}
		}
	}
	return f.checkFolder(filepath.Dir(abs))
}

// checkKind decides about what exists and is no regular file.
func (f *File) checkKind(mode fs.FileMode) error {
	switch {
	case mode.IsDir():
		return fmt.Errorf("--%s %s: is a folder, want a file name", f.Flag, f.Path)
	case takesBytes(mode):
		return nil
	case mode&fs.ModeSocket != 0:
		return f.refuse("is a socket, want a file name")
	}
	return f.refuse("is a device, want a file name")
}

// takesBytes reports whether a file of this kind is written into, as the shell would, instead of being replaced.
func takesBytes(mode fs.FileMode) bool { return mode&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 }

// checkBeside decides about a file in a model folder that the command makes: pages have a place there,
// anything else may be a part of the model.
func (f *File) checkBeside(abs, folder string) error {
	if abs == folder {
		return fmt.Errorf("--%s %s: is the output folder, want a file name", f.Flag, f.Path)
	}
	if filepath.Dir(abs) != folder {
		return fmt.Errorf("--%s %s: its folder will not exist", f.Flag, f.Path)
	}
	if ext := filepath.Ext(abs); !strings.EqualFold(ext, ".html") {
		return f.refuse("lies in the output folder, where only names that end in .html are no part of the model")
	}
	return nil
}

// checkFolder makes sure that there is a folder for the file.
func (f *File) checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("--%s %s: its folder does not exist", f.Flag, f.Path)
	}
	if !info.IsDir() {
		return fmt.Errorf("--%s %s: %s is not a folder", f.Flag, f.Path, filepath.Dir(f.Path))
	}
	return nil
}

func (f *File) refuse(format string, args ...any) error {
	return exit.Usagef("--%s %s: %s", f.Flag, f.Path, fmt.Sprintf(format, args...))
}

// Differs refuses two flags that name one file. What bytes are sent into may serve both.
func (f *File) Differs(other *File) error {
	if f.Path == "" || other.Path == "" {
		return nil
	}
	a, errA := resolve(f.Path)
	b, errB := resolve(other.Path)
	mine, err := os.Stat(f.Path)
	if err == nil && takesBytes(mine.Mode()) {
		return nil
	}
	theirs, errTheirs := os.Stat(other.Path)
	if errA == nil && errB == nil && a == b || err == nil && errTheirs == nil && os.SameFile(mine, theirs) {
		return f.refuse("is the same file as --%s", other.Flag)
	}
	return nil
}

// partOf says how a path belongs to an input: "is the input", "lies inside the input", or "" when it does
// not. info describes the file at the path, nil when there is none.
func partOf(abs string, info fs.FileInfo, input string) string {
	if strings.HasPrefix(input, "demo:") {
		return ""
	}
	source, err := resolve(input)
	if err != nil {
		return ""
	}
	of, err := os.Stat(source)
	switch {
	case err != nil: // a missing input has an error of its own later
	case abs == source, info != nil && os.SameFile(info, of):
		return "is the input"
	case !of.IsDir():
	case within(abs, source):
		return "lies inside the input"
	case info != nil && linkedFrom(source, info):
		return "is part of the input"
	}
	return ""
}

// linkedFrom reports whether a file is in the folder under some name: caches of models keep the content
// elsewhere and have links in the folder.
func linkedFrom(folder string, file fs.FileInfo) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(folder, e.Name())); err == nil && os.SameFile(info, file) {
			return true
		}
	}
	return false
}

// Write stores a result in the file, if one is wanted: complete or not at all where it is a regular
// file, and into whatever else it is. A link stays, and the file behind it is written.
func (f *File) Write(s *session.Session, content []byte) error {
	if f.Path == "" {
		return nil
	}
	if err := f.Check(); err != nil {
		return err
	}
	info, err := os.Stat(f.Path)
	if err == nil {
		for _, w := range []io.Writer{s.Stdout, s.Stderr} {
			if sameFile(w, info) {
				s.Progress.Close()
				_, err := w.Write(content)
				return f.failed(err)
			}
		}
		if takesBytes(info.Mode()) {
			return f.failed(writeInto(f.Path, content))
		}
	}
	abs, err := resolve(f.Path)
	if err != nil {
		return f.failed(err)
	}
	return f.failed(checkpoint.WriteFile(abs, content))
}

func (f *File) failed(err error) error {
	if err != nil {
		return fmt.Errorf("--%s %s: %w", f.Flag, f.Path, err)
	}
	return nil
}

// WritePage stores a page in the file, if one is wanted.
func (f *File) WritePage(s *session.Session, page *report.Page) error {
	var b bytes.Buffer
	if err := page.Write(&b); err != nil {
		return err
	}
	return f.Write(s, b.Bytes())
}

// sameFile reports whether a writer of ours is the file of that description.
func sameFile(w io.Writer, file fs.FileInfo) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(info, file)
}

// writeInto sends bytes to a pipe or a device.
func writeInto(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
