package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/exit"
)

// CheckFolder refuses an output folder that would overwrite, replace or grow what the run reads,
// or the folder it is called from: with --force, everything in the output folder goes.
func CheckFolder(out string, inputs []string) error {
	target, err := resolve(out)
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	return checkReplaceable("--out "+out+":", target, inputs)
}

// CheckModel is CheckFolder for the folder of a model, which is written in OUT.partial first: with
// --force what is in that one goes as well.
func CheckModel(out string, inputs []string) error {
	if err := CheckFolder(out, inputs); err != nil {
		return err
	}
	target, err := resolve(out)
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	work := target + checkpoint.PartialSuffix
	return checkReplaceable(fmt.Sprintf("--out %s: the work is done in %s, which", out, work), work, inputs)
}

// checkReplaceable refuses a folder, called so in errors, whose loss would be a loss of inputs, or which
// is inside of one.
func checkReplaceable(called, target string, inputs []string) error {
	if here, err := resolve("."); err == nil && within(here, target) {
		return exit.Usagef("%s is or holds the current folder", called)
	}
	for _, in := range inputs {
		if strings.HasPrefix(in, "demo:") {
			continue
		}
		source, err := resolve(in)
		if err != nil {
			continue // a missing input has an error of its own later
		}
		if within(source, target) {
			return exit.Usagef("%s is or holds the input %s", called, in)
		}
		if info, err := os.Stat(source); err == nil && info.IsDir() && within(target, source) {
			return exit.Usagef("%s lies inside the input folder %s", called, in)
		}
	}
	return nil
}

// within reports whether path is folder or lies below it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve makes a path absolute and follows the links of the part of it that exists.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for dir := abs; ; {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return abs, nil
		}
		rest = filepath.Join(filepath.Base(dir), rest)
		dir = parent
	}
}
