package app_test

import (
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/app"
	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

var allCommands = []string{"demo", "prune", "fetch", "pack", "generate", "sweep", "eval", "inspect", "tokenize", "methods", "bench"}

// TestHelp: every command's help has an example, its flags exist, and stderr stays empty.
func TestHelp(t *testing.T) {
	program := app.New(io.Discard, io.Discard)
	var got []string
	for _, c := range program.Commands {
		got = append(got, c.Name)
	}
	if !slices.Equal(got, allCommands) {
		t.Fatalf("commands %v, want %v", got, allCommands)
	}
	flagName := regexp.MustCompile(`--([a-z-]+)`)
	for _, c := range program.Commands {
		if c.Name == "help" {
			continue
		}
		known := map[string]bool{"help": true}
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				known[name] = true
			}
		}
		for _, common := range []string{"threads", "kernel", "seed", "log-level", "log-format", "json", "no-progress"} {
			if !known[common] {
				t.Errorf("%s lacks the common flag --%s", c.Name, common)
			}
		}
		r := clitest.OK(t, c.Name, "--help")
		if r.Stderr != "" {
			t.Errorf("%s --help writes to stderr: %s", c.Name, r.Stderr)
		}
		_, after, found := strings.Cut(r.Stdout, "\nEXAMPLES\n")
		examples, _, _ := strings.Cut(after, "\n\n")
		if !found || !strings.HasPrefix(examples, "   "+exit.Program+" "+c.Name) {
			t.Errorf("%s --help has no example:\n%s", c.Name, r.Stdout)
		}
		for _, m := range flagName.FindAllStringSubmatch(examples, -1) {
			if !known[m[1]] {
				t.Errorf("%s: the example's --%s does not exist", c.Name, m[1])
			}
		}
		for _, f := range c.Flags {
			visible := f.(cli.VisibleFlag).IsVisible()
			if listed := strings.Contains(r.Stdout, "\n   --"+f.Names()[0]); f.Names()[0] != "help" && listed != visible {
				t.Errorf("%s --help lists --%s: %v, want %v", c.Name, f.Names()[0], listed, visible)
			}
		}
	}
	for _, args := range [][]string{{"--help"}, {"help"}, {"--version"}, {"help", "prune"}} {
		if r := clitest.OK(t, args...); r.Stdout == "" || r.Stderr != "" {
			t.Errorf("%v: stdout %q, stderr %q", args, r.Stdout, r.Stderr)
		}
	}
}

// TestStreams: results on stdout only, progress on stderr only, and --no-progress silences it.
func TestStreams(t *testing.T) {
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--method", "magnitude", "--samples", "2", "--seqlen", "128", "--json"}
	r := clitest.OK(t, append(args, "--out", filepath.Join(t.TempDir(), "out"))...)
	if !json.Valid([]byte(r.Stdout)) || strings.Count(r.Stderr, "pruning: layer ") != 5 {
		t.Errorf("stdout %q, stderr %q; want JSON and a line for each of 5 layers", r.Stdout, r.Stderr)
	}
	r = clitest.OK(t, append(args, "--out", filepath.Join(t.TempDir(), "out"), "--no-progress")...)
	if r.Stderr != "" {
		t.Errorf("--no-progress leaves %q on stderr", r.Stderr)
	}
}

// TestKernels: every level that this machine has can be chosen and is reported.
func TestKernels(t *testing.T) {
	var r struct {
		Kernel  string
		Threads int
	}
	out := filepath.Join(t.TempDir(), "out")
	res := clitest.OK(t, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "magnitude", "--samples", "2", "--seqlen", "32", "--kernel", "generic", "--threads", "3", "--json")
	if err := json.Unmarshal([]byte(res.Stdout), &r); err != nil || r.Kernel != "generic" || r.Threads != 3 {
		t.Errorf("kernel %q, threads %d (%v); want generic, 3", r.Kernel, r.Threads, err)
	}
}
