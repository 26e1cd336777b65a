package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutside does what the comment of this program says: its two files in a module of somebody else's,
// which has this one as a dependency, and no network. What they use must not lie in internal packages.
func TestOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyFile := func(from, to string, edit func(string) string) {
		t.Helper()
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(edit(string(b))), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	same := func(s string) string { return s }
	copyFile("main.go", filepath.Join(dir, "main.go"), func(s string) string {
		return strings.Replace(s, "github.com/adagp/adagp/examples/newsolver/rescale", "example.org/theirs/rescale", 1)
	})
	copyFile(filepath.Join("rescale", "solver.go"), filepath.Join(dir, "rescale", "solver.go"), same)
	copyFile(filepath.Join(root, "go.sum"), filepath.Join(dir, "go.sum"), same)
	copyFile(filepath.Join(root, "go.mod"), filepath.Join(dir, "go.mod"), func(s string) string {
		s = strings.Replace(s, "module github.com/adagp/adagp\n", "module example.org/theirs\n", 1)
		return s + "\nrequire github.com/adagp/adagp v0.0.0\n\nreplace github.com/adagp/adagp => " + root + "\n"
	})
	run := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
		}
		return string(text)
	}
	program := filepath.Join(dir, "theirs")
	run("go", "build", "-o", program, ".")
	// The other example too: a network of one's own needs nothing internal either.
	classifier, err := filepath.Glob(filepath.Join("..", "imageclassifier", "*.go"))
	if err != nil || len(classifier) == 0 {
		t.Fatalf("files %v, error %v", classifier, err)
	}
	for _, file := range classifier {
		if !strings.HasSuffix(file, "_test.go") {
			copyFile(file, filepath.Join(dir, "imageclassifier", filepath.Base(file)), same)
		}
	}
	run("go", "build", "-o", filepath.Join(dir, "classifier"), "./imageclassifier")
	if text := run(program, "methods"); !strings.Contains(text, "rescale") {
		t.Errorf("methods does not list the solver:\n%s", text)
	}
	out := filepath.Join(dir, "pruned")
	run(program, "prune", "--model", "demo:llama", "--out", out, "--method", "adagp", "--preset", "fast", "--solver", "rescale",
		"--samples", "2", "--seqlen", "32", "--layers", "0:1")
	if text := run(program, "inspect", "--model", out); !strings.Contains(text, "LlamaForCausalLM") {
		t.Errorf("inspect:\n%s", text)
	}
}
