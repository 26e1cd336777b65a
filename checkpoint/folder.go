package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// checkTarget refuses output folders whose writing would destroy something: the source, the result
// of another run, or the folder the program runs in.
func checkTarget(dir, partial string, srcFS fs.FS, o WriterOptions) error {
	for _, path := range []string{dir, partial} {
		if err := checkApart(path, srcFS); err != nil {
			return err
		}
	}
	cwd, cwdErr := os.Getwd()
	if cwdErr == nil && isInside(cwd, partial) {
		return fmt.Errorf("%s, where the work is done, contains the current folder, which cannot be removed", partial)
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			return fmt.Errorf("output %s is a link to nowhere", dir)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("output %s is a file, want a folder", dir)
	}
	if cwdErr == nil && isInside(cwd, dir) {
		return fmt.Errorf("output folder %s contains the current folder, which cannot be replaced", dir)
	}
	if isMountPoint(dir) {
		// Better now than when the folder is to be renamed, after hours of work.
		return fmt.Errorf("output folder %s is the root of a mounted file system and cannot be replaced: choose a folder in it", dir)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(list) > 0 && !o.Force {
		if _, err := os.Lstat(partial); err == nil && o.Resume {
			return nil // the run may have been interrupted after it had given the folder its name
		}
		return &ExistsError{Path: dir}
	}
	return nil
}

// checkApart requires that the output path is neither the source folder, nor inside it, nor around
// it. A source that is not a folder of the operating system cannot be in the way.
func checkApart(path string, srcFS fs.FS) error {
	root, err := srcFS.Open(".")
	if err != nil {
		return err
	}
	defer root.Close()
	folder, ok := root.(*os.File)
	if !ok {
		return nil
	}
	src, err := filepath.Abs(folder.Name())
	if err != nil {
		return err
	}
	switch {
	case isInside(path, src):
		return fmt.Errorf("output %s lies in the input folder %s", path, src)
	case isInside(src, path):
		return fmt.Errorf("output %s contains the input folder %s", path, src)
	}
	return nil
}

// isInside reports whether path is folder or below it. Folders are compared by identity, not by
// name, so that links and letter case do not matter; path itself need not exist.
func isInside(path, folder string) bool {
	want, err := os.Stat(folder)
	if err != nil {
		return false
	}
	// Resolve the part of path that exists: the parent of a link is not the parent of its target.
	for p := path; ; p = filepath.Dir(p) {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			path = real
			break
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
	for p := path; ; p = filepath.Dir(p) {
		if info, err := os.Stat(p); err == nil && os.SameFile(info, want) {
			return true
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
}

// makeParents creates dir and what is missing above it, and lists what it created, outermost first.
func makeParents(dir string) ([]string, error) {
	var missing []string
	for p := dir; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || !errors.Is(err, fs.ErrNotExist) || p == filepath.Dir(p) {
			break
		}
		missing = append([]string{p}, missing...)
	}
	for i, p := range missing {
		if err := os.Mkdir(p, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return missing[:i], err
		}
	}
	return missing, nil
}

// syncFolder forces the names in a folder to disk; tests look at which.
var syncFolder = forceNames

// forceNames is syncFolder. Windows has no such operation, and a folder in which one may make files but
// not list them is no reason to refuse work.
func forceNames(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// checkFree fails with an *ExistsError when there is something at dir that must not be replaced.
func checkFree(dir string, force bool) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("output %s is no folder any more", dir)
	}
	list, err := os.ReadDir(dir)
	if err == nil && len(list) > 0 && !force {
		return &ExistsError{Path: dir}
	}
	return err
}

// replaceFolder gives the folder from the name to. An empty folder of that name makes room; with
// force, any: the old folder loses the name in the same step in which the new one gets it, or, where
// the system has no such step, is moved aside first and comes back if the second move fails. It is left
// to the caller to remove it; old is where it is now, if there was one.
func replaceFolder(from, to string, force bool) (old string, err error) {
	info, err := os.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", os.Rename(from, to)
	}
	if err != nil {
		return "", err
	}
	if info.IsDir() && os.Remove(to) == nil { // it was empty
		return "", os.Rename(from, to)
	}
	if !force {
		return "", &ExistsError{Path: to}
	}
	if exchange(from, to) == nil {
		return from, nil
	}
	return moveAside(from, to)
}

// moveAside replaces one folder by another in two steps.
func moveAside(from, to string) (old string, err error) {
	aside, err := os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+".replaced-*")
	if err != nil {
		return "", err
	}
	moved := filepath.Join(aside, filepath.Base(to))
	if err := os.Rename(to, moved); err != nil {
		return "", errors.Join(err, os.Remove(aside))
	}
	if err := os.Rename(from, to); err != nil {
		return "", errors.Join(err, os.Rename(moved, to), os.Remove(aside))
	}
	return aside, nil
}
