package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// What the folder DIR.partial holds, besides temporary files:
//
//	lock      held by the process at work, so that there is one at a time
//	journal   what is done; begins when everything below exists at full size
//	state/    bytes that whoever continues asked to keep
//	model/    the output, which gets its final name when it is complete
const (
	lockFile    = "lock"
	journalFile = "journal"
	stateFolder = "state"
	modelFolder = "model"
)

// temporaryPrefixes begin the names of files that a process which was killed may have left there: files
// that had not got their name yet, and hidden states (package prune/scratch) on systems that keep the
// names of open files.
var temporaryPrefixes = []string{temporaryPrefix, ".scratch-"}

const temporaryPrefix = "new-"

// PartialSuffix behind the name of an output folder, its links followed, names the folder in which the
// work is done.
const PartialSuffix = ".partial"

// ForeignError reports something in the place of DIR.partial, or in that folder, that no run has left
// there. It is never touched. The error matches fs.ErrExist.
type ForeignError struct {
	Path string      // what is in the way
	Mode fs.FileMode // its type
}

// Error names what is in the way.
func (e *ForeignError) Error() string {
	what := "special file"
	switch {
	case e.Mode&fs.ModeSymlink != 0:
		what = "symbolic link"
	case e.Mode.IsDir():
		what = "folder"
	case e.Mode.IsRegular():
		what = "file"
	}
	return fmt.Sprintf("%s is a %s that no run has left there, and is not touched: move it away, or choose another output folder", e.Path, what)
}

// Unwrap makes the error match fs.ErrExist.
func (e *ForeignError) Unwrap() error { return fs.ErrExist }

// checkLeftOver looks at a DIR.partial that exists, before it is locked: it must be a folder that
// carries our lock or, if it is to be taken over, an empty one.
func checkLeftOver(dir string, takeOver bool) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &ForeignError{dir, info.Mode()}
	}
	lock := filepath.Join(dir, lockFile)
	info, err = os.Lstat(lock)
	if err == nil && !info.Mode().IsRegular() {
		return &ForeignError{lock, info.Mode()}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	list, err := os.ReadDir(dir)
	switch {
	case err != nil:
		return err
	case len(list) > 0:
		return &ForeignError{filepath.Join(dir, list[0].Name()), list[0].Type()}
	case !takeOver:
		return &ExistsError{Path: dir, Partial: true}
	}
	return nil
}

// ours reports whether a run makes something of that name and type in DIR.partial.
func ours(e fs.DirEntry) bool {
	switch name := e.Name(); name {
	case stateFolder, modelFolder:
		return e.IsDir()
	case lockFile, journalFile:
		return e.Type().IsRegular()
	default:
		return e.Type().IsRegular() && isTemporary(name)
	}
}

func isTemporary(name string) bool {
	for _, prefix := range temporaryPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// checkNames requires that the folder holds nothing but what runs make.
func (p *partial) checkNames() error {
	list, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if !ours(e) {
			return &ForeignError{p.path(e.Name()), e.Type()}
		}
	}
	return nil
}

// checkContents requires that the folders in it hold nothing but files, as runs make them.
func (p *partial) checkContents() error {
	for _, folder := range []string{stateFolder, modelFolder} {
		if folder == modelFolder && p.named() {
			continue // the folder that --force has replaced may hold anything
		}
		list, err := os.ReadDir(p.path(folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range list {
			if !e.Type().IsRegular() {
				return &ForeignError{p.path(folder, e.Name()), e.Type()}
			}
		}
	}
	return nil
}

// clear removes everything of ours but the lock. The journal goes last: as long as it is there it tells
// what became of the run.
func (p *partial) clear() error {
	if err := p.journal.close(); err != nil {
		return err
	}
	if err := p.clearModel(); err != nil {
		return err
	}
	if err := p.removeFiles(p.path(stateFolder)); err != nil {
		return err
	}
	list, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Type().IsRegular() && isTemporary(e.Name()) {
			if err := p.removeOne(p.path(e.Name())); err != nil {
				return err
			}
		}
	}
	return p.removeOne(p.path(journalFile))
}

// clearModel removes the model folder, or the output that it has changed places with.
func (p *partial) clearModel() error {
	if p.named() {
		return os.RemoveAll(p.path(modelFolder))
	}
	return p.removeFiles(p.path(modelFolder))
}

// removeFiles removes a folder of files. A folder in it that is not empty is not ours, and stays.
func (p *partial) removeFiles(dir string) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		path := filepath.Join(dir, e.Name())
		if err := p.removeOne(path); err != nil && e.IsDir() {
			return &ForeignError{path, e.Type()}
		} else if err != nil {
			return err
		}
	}
	return p.removeOne(dir)
}

// removeOne removes a file or an empty folder, if it is there.
func (p *partial) removeOne(path string) error {
	if p.removing != nil {
		p.removing(path)
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// openFilesGo says whether the system removes files that are open.
const openFilesGo = runtime.GOOS != "windows"

// remove deletes the folder, which is no longer needed.
func (p *partial) remove() error { return p.removeAs(openFilesGo) }

// removeAs is remove for a system that removes open files, or one that does not. Where possible the
// lock is held until its name is gone: a process that opens the file before notices that it has no name
// any more, and one that comes later makes the folder its own. Either way one process at a time is sure
// of it.
func (p *partial) removeAs(openFilesGo bool) error {
	if err := p.clear(); err != nil {
		return errors.Join(err, p.close())
	}
	if !openFilesGo {
		if err := p.unlock(); err != nil {
			return err
		}
	}
	if err := errors.Join(p.removeOne(p.path(lockFile)), p.unlock()); err != nil {
		return err
	}
	err := p.removeOne(p.dir)
	if err == nil {
		return nil
	}
	list, listErr := os.ReadDir(p.dir)
	if errors.Is(listErr, fs.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		if e.Name() == lockFile {
			return nil // of a run that has begun by now
		}
	}
	if len(list) > 0 {
		return &ForeignError{p.path(list[0].Name()), list[0].Type()}
	}
	return err
}
