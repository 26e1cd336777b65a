package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/adagp/adagp/"

// The parts a package may import, from left to right along the spine. A pattern names one folder,
// or with /... also everything below it.
var (
	throughTensor   = []string{"internal/parallel", "asm", "tensor"}
	throughAutograd = append(slices.Clone(throughTensor), "autograd")
	throughNN       = append(slices.Clone(throughAutograd), "nn/...", "tensor/packed")
	throughModels   = append(slices.Clone(throughNN), "models", "internal/inputfile")
	throughLocal    = append(slices.Clone(throughNN), "tensor/linalg", "prune/sparsity", "prune/calib", "prune/quant", "prune/local")
	throughCalib    = append(slices.Clone(throughModels), "tensor/linalg", "prune/sparsity", "prune/calib", "prune/quant", "prune/scratch", "prune/local")
)

// rules are tried from the top; the first whose package pattern matches decides. A package that no
// rule matches may import nothing of ours, so a new folder has to be entered here.
var rules = []struct {
	pkg string
	may []string
}{
	{"asm", nil},
	{"internal/parallel", nil},
	{"internal/inputfile", nil},
	{"internal/version", nil},
	{"tensor", throughTensor},
	{"tensor/linalg", throughTensor},
	{"tensor/packed", throughTensor},
	{"autograd", throughTensor},
	{"autograd/gradcheck", throughAutograd},
	{"nn/...", throughNN},
	{"checkpoint/...", []string{"internal/parallel", "tensor", "tensor/packed", "checkpoint/...", "internal/inputfile"}},
	{"data/...", []string{"data/...", "internal/inputfile"}},
	{"models/demo", nil},
	{"models/all", []string{"models/..."}},
	{"models", append(slices.Clone(throughNN), "checkpoint", "checkpoint/safetensors", "models/demo", "internal/inputfile")},
	{"models/decoder", throughModels},
	{"models/generate", append(slices.Clone(throughModels), "checkpoint", "internal/inputfile")},
	{"models/...", append(slices.Clone(throughModels), "models/decoder")}, // the families
	{"eval", append(slices.Clone(throughModels), "data")},
	{"prune/sparsity", append(slices.Clone(throughTensor), "tensor/linalg")},
	{"prune/local", throughLocal},
	{"prune/calib", append(slices.Clone(throughNN), "tensor/linalg")},
	{"prune/quant", append(slices.Clone(throughTensor), "tensor/linalg")},
	{"prune/scratch", throughTensor},
	{"prune/registry", append(slices.Clone(throughCalib), "prune")},
	{"prune/all", []string{"prune/..."}},
	{"prune", append(slices.Clone(throughCalib), "internal/version")},
	{"prune/refit", append(slices.Clone(throughCalib), "prune", "prune/registry")},
	{"prune/adagp", append(slices.Clone(throughCalib), "prune", "prune/registry", "prune/refit", "prune/tune", "prune/admm", "prune/alps", "prune/sparsegpt", "prune/wanda")},
	{"prune/tune", append(slices.Clone(throughCalib), "prune")},
	{"prune/...", append(slices.Clone(throughCalib), "prune", "prune/registry", "prune/refit")}, // never another method
	{"hub", nil},
	{"hub/hubtest", nil},
	{"cmd/cli/format", nil},
	{"cmd/cli/report", []string{"cmd/cli/format"}},
	{"cmd/cli/progress", []string{"cmd/cli/format", "prune", "prune/sparsity"}},
	{"cmd/cli/sweep", []string{"cmd/cli/format", "cmd/cli/report", "checkpoint", "prune", "prune/sparsity", "internal/inputfile"}},
	{"cmd/cli/prunepage", append(slices.Clone(throughModels), "cmd/cli/format", "cmd/cli/report", "checkpoint", "models/generate", "prune", "prune/sparsity")},
	{"cmd/cli/bench", append(slices.Clone(throughModels), "tensor/linalg", "models/...", "prune/...")},
	{"cmd/cli/exit", []string{"cmd/cli/format"}},
	{"cmd/cli/flags", []string{"cmd/cli/exit"}},
	{"cmd/cli/session", []string{"asm", "internal/parallel", "cmd/cli/exit", "cmd/cli/format", "cmd/cli/progress"}},
	{"cmd/cli/modelname", []string{"cmd/cli/exit", "cmd/cli/format", "cmd/cli/progress", "cmd/cli/session", "hub", "internal/version"}},
	{"cmd/cli/method", []string{"cmd/cli/exit", "cmd/cli/flags", "prune/..."}},
	{"cmd/cli/texts", []string{"cmd/cli/exit", "cmd/cli/flags", "cmd/cli/format", "cmd/cli/modelname", "cmd/cli/session", "data/...", "eval", "internal/inputfile", "models"}},
	{"cmd/cli/output", []string{"cmd/cli/exit", "cmd/cli/format", "cmd/cli/report", "cmd/cli/session", "checkpoint/...", "models", "prune", "tensor"}},
	{"cmd/cli/trial", []string{"cmd/cli/bench", "cmd/cli/output", "cmd/cli/session", "checkpoint", "data", "models", "prune"}},
	{"cmd/cli/command", []string{"cmd/cli/exit", "cmd/cli/flags", "cmd/cli/session"}},
	{"cmd/cli/command/...", append(slices.Clone(throughModels), // never another command, nor the program as a whole
		"cmd/cli/bench", "cmd/cli/command", "cmd/cli/exit", "cmd/cli/flags", "cmd/cli/format", "cmd/cli/method", "cmd/cli/modelname", "cmd/cli/output", "cmd/cli/progress",
		"cmd/cli/prunepage", "cmd/cli/report", "cmd/cli/session", "cmd/cli/sweep", "cmd/cli/texts", "cmd/cli/trial",
		"checkpoint/...", "data/...", "eval", "internal/version", "models/...", "prune/...")},
	{"cmd/...", []string{"..."}},
	{"examples/...", []string{"..."}},
	{"internal/bigmodel", []string{"tensor", "checkpoint/safetensors"}},
	{"bench/...", []string{"..."}},
}

func matches(pattern, dir string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	return pattern == dir
}

// allowed reports whether the package in folder from may import the one in folder to.
func allowed(from, to string) bool {
	if from == to {
		return true
	}
	if matches("examples/...", to) && !matches("examples/...", from) {
		return false // they are for reading and running
	}
	for _, r := range rules {
		if matches(r.pkg, from) {
			return slices.ContainsFunc(r.may, func(p string) bool { return matches(p, to) })
		}
	}
	return false
}

// TestImports walks the product's sources (tests are free to look further, as oracles do) and
// reports every import against the map.
func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name == "testdata" || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".")) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, v := range violations(t, filepath.ToSlash(rel), path) {
			t.Error(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("walked %d source files, want the whole tree", files)
	}
}

// violations lists what is wrong with the imports of one file.
func violations(t *testing.T, dir, path string) (out []string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if imported == "C" {
			out = append(out, fmt.Sprintf("%s: cgo is not used in this project", path))
		}
		to, ours := strings.CutPrefix(imported, module)
		testOnly := to == "internal/golden" || to == "internal/archtest" || to == "cmd/cli/clitest"
		// gradcheck takes a testing.TB, golden and clitest are made for tests; nothing else links them in.
		if ours && (testOnly && dir != "cmd/cli/clitest" || !allowed(dir, to)) && dir != to {
			out = append(out, fmt.Sprintf("%s: package %s may not import %s", path, dir, to))
		}
		if dir == "asm" && !ours && strings.Contains(imported, ".") && imported != "golang.org/x/sys/cpu" {
			out = append(out, fmt.Sprintf("%s: package asm may import only the standard library and golang.org/x/sys/cpu, not %s", path, imported))
		}
	}
	return out
}

// TestAllowed keeps the rules themselves honest.
func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"tensor", "asm", true},
		{"asm", "tensor", false},
		{"nn", "tensor/packed", true},
		{"models/generate", "tensor/packed", true},
		{"tensor/packed", "tensor/linalg", false},
		{"autograd", "tensor/packed", false},
		{"asm", "internal/parallel", false},
		{"autograd", "nn", false},
		{"nn", "autograd", true},
		{"nn", "models", false},
		{"models/llama", "models", true},
		{"models/llama", "models/opt", false},
		{"models", "models/llama", false},
		{"models", "prune", false},
		{"prune/wanda", "prune", true},
		{"prune/wanda", "prune/magnitude", false},
		{"prune/adagp", "prune/sparsegpt", true},
		{"prune/adagp", "prune/global", false},
		{"prune/sparsegpt", "prune/wanda", false},
		{"prune/adagp", "prune/refit", true},
		{"prune/refit", "prune/adagp", false},
		{"prune/adagp", "prune/tune", true},
		{"prune/tune", "nn/optim", true},
		{"prune/tune", "prune/adagp", false},
		{"prune/wanda", "prune/tune", false},
		{"prune", "prune/adagp", false},
		{"prune", "data", false},
		{"prune", "checkpoint", false},
		{"checkpoint", "nn", false},
		{"data/tokenizer", "tensor", false},
		{"cmd/cli", "prune/all", true},
		{"cmd/cli/app", "cmd/cli/sweep", true},
		{"cmd/cli/sweep", "cmd/cli/app", false},
		{"cmd/cli/app", "cmd/cli/command/prunecmd", true},
		{"cmd/cli/command/prunecmd", "cmd/cli/texts", true},
		{"cmd/cli/command/prunecmd", "cmd/cli/command/evalcmd", false},
		{"cmd/cli/command/prunecmd", "cmd/cli/app", false},
		{"cmd/cli/output", "cmd/cli/command", false},
		{"cmd/cli/session", "prune", false},
		{"prune", "hub", false},
		{"models", "hub", false},
		{"cmd/cli/report", "prune", false},
		{"examples/newsolver", "cmd/cli/app", true},
		{"examples/newsolver", "examples/newsolver/rescale", true},
		{"cmd/cli", "examples/newsolver/rescale", false},
		{"prune/sparsegpt", "prune/quant", true},
		{"prune/quant", "prune", false},
		{"somewhere/new", "tensor", false},
	} {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("allowed(%s, %s) = %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
