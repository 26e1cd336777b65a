package archtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout is a small git repository with a copy of one script of the gate in it.
type checkout struct {
	dir, script string
}

// newCheckout makes a repository that holds the script of that name, and one file of text, both committed.
func newCheckout(t *testing.T, script string) *checkout {
	t.Helper()
	for _, program := range []string{"git", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the gate's scripts want %s: %v", program, err)
		}
	}
	c := &checkout{t.TempDir(), filepath.Join(".ci", script)}
	b, err := os.ReadFile(filepath.Join("..", "..", c.script))
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, c.script, string(b))
	if err := os.Chmod(filepath.Join(c.dir, c.script), 0o755); err != nil {
		t.Fatal(err)
	}
	c.write(t, "kept.txt", "kept\n")
	c.write(t, ".gitignore", "/bin/\n*.partial/\ndemo-report.html\n")
	c.git(t, "init", "-q")
	c.commit(t)
	return c
}

func (c *checkout) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c *checkout) git(t *testing.T, args ...string) {
	t.Helper()
	settings := []string{"-C", c.dir, "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"}
	if text, err := exec.Command("git", append(settings, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, text)
	}
}

func (c *checkout) commit(t *testing.T) {
	t.Helper()
	c.git(t, "add", "-A")
	c.git(t, "commit", "-q", "-m", "all")
}

// run runs the script and returns what it says and whether it passed.
func (c *checkout) run(t *testing.T, args ...string) (text string, passed bool) {
	t.Helper()
	cmd := exec.Command("bash", append([]string{filepath.Join(c.dir, c.script)}, args...)...)
	cmd.Dir = c.dir
	// A folder above may be a repository, whose business this is not.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(c.dir))
	b, err := cmd.CombinedOutput()
	return string(b), err == nil
}

// TestCleanSeesEveryChange: the gate's script finds files that were changed or removed, and new ones, which
// git diff does not see.
func TestCleanSeesEveryChange(t *testing.T) {
	c := newCheckout(t, "clean")
	if text, passed := c.run(t); !passed {
		t.Fatalf("a clean checkout fails: %s", text)
	}
	for _, name := range []string{"bin/cli", "demo-report.html", "out.partial/lock"} {
		c.write(t, name, "made\n")
	}
	if text, passed := c.run(t); !passed {
		t.Fatalf("ignored files fail: %s", text)
	}
	for what, spoil := range map[string]func(){
		"kept.txt":       func() { c.write(t, "kept.txt", "changed\n") },
		".gitignore":     func() { os.Remove(filepath.Join(c.dir, ".gitignore")) },
		"asm/new.s":      func() { c.write(t, "asm/new.s", "made by a generator\n") },
		"cmd/report.txt": func() { c.write(t, "cmd/report.txt", "left by a test\n") },
	} {
		spoil()
		if text, passed := c.run(t); passed || !strings.Contains(text, what) {
			t.Errorf("%s: passed %v, said %q", what, passed, text)
		}
	}
	if text, passed := c.run(t, "asm"); passed || !strings.Contains(text, "asm/new.s") || strings.Contains(text, "cmd/report.txt") {
		t.Errorf("only asm: passed %v, said %q", passed, text)
	}
	c.commit(t)
	if text, passed := c.run(t); !passed {
		t.Errorf("after a commit: %s", text)
	}
	if err := os.RemoveAll(filepath.Join(c.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if text, passed := c.run(t); passed || !strings.Contains(text, "not a git checkout") {
		t.Errorf("outside a checkout: passed %v, said %q", passed, text)
	}
}

// TestStrayFiles: what has no business in the tree is named, in a checkout before and after it was added, and in a
// folder that git knows nothing of; what may be there is not.
func TestStrayFiles(t *testing.T) {
	c := newCheckout(t, "stray")
	const elf = "\x7fELF\x02\x01\x01\x00"
	for name, text := range map[string]string{"bin/cli": elf, "demo-report.html": "", "checkpoint/testdata/a.bin": elf, "models/demo/a/model.safetensors": "\x08\x00"} {
		c.write(t, name, text)
	}
	stray := map[string]string{
		"asm/empty.go": "", "main.go~": "package main\n", "docs/a.md.orig": "a\n", "docs/.#a.md": "a\n", "prune/prune.test": "a\n",
		"cmd/cli/cli": elf, "docs/large.txt": strings.Repeat("a", 4<<20+1), "docs/name with\na line end.bak": "a\n",
	}
	complaints := func(when string, want bool) {
		t.Helper()
		text, passed := c.run(t)
		if passed == want {
			t.Errorf("%s: passed is %v: %s", when, passed, text)
		}
		if got := strings.Count(text, "stray file: "); !want && got > 0 {
			t.Errorf("%s: %d complaints: %s", when, got, text)
		}
		for name := range stray {
			if strings.Contains(text, "stray file: "+name+": ") != want {
				t.Errorf("%s: %q is named: %v, want %v; all: %s", when, name, !want, want, text)
			}
		}
	}
	complaints("before", false)
	for name, text := range stray {
		c.write(t, name, text)
	}
	complaints("new", true)
	c.commit(t)
	complaints("committed", true)
	git := filepath.Join(c.dir, ".git")
	if err := os.Rename(git, git+"-away"); err != nil {
		t.Fatal(err)
	}
	complaints("outside of a checkout", true)
	if err := os.Rename(git+"-away", git); err != nil {
		t.Fatal(err)
	}
	for name := range stray {
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	complaints("removed, not yet committed", false)
	clear(stray)
	c.write(t, "out.partial/lock", "a\n")
	if text, passed := c.run(t); passed || !strings.Contains(text, "out.partial/") {
		t.Errorf("an ignored leftover: passed %v, said %q", passed, text)
	}
	for link, target := range map[string]string{"nowhere": "missing", "outside": os.TempDir()} {
		if err := os.Symlink(target, filepath.Join(c.dir, link)); err != nil {
			t.Fatal(err)
		}
		if text, passed := c.run(t); passed || !strings.Contains(text, "stray file: "+link+": a link") {
			t.Errorf("a link %s: passed %v, said %q", link, passed, text)
		}
	}
}

// TestEveryModuleIsLinted: ./... ends where another module begins, so lint names each one.
func TestEveryModuleIsLinted(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skipf("wants make: %v", err)
	}
	root := filepath.Join("..", "..")
	dry := exec.Command("make", "-n", "-C", root, "lint", "GO=go")
	text, err := dry.CombinedOutput()
	if err != nil {
		t.Fatalf("make -n lint: %v\n%s", err, text)
	}
	modules := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "go.mod" || filepath.Dir(path) == root {
			return err
		}
		modules++
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, command := range []string{"vet ./...", "build -o /dev/null ./...", "mod tidy -diff", "mod verify"} {
			if want := "go -C " + filepath.ToSlash(dir) + " " + command; !strings.Contains(string(text), want) {
				t.Errorf("make lint does not run %q", want)
			}
		}
		return nil
	})
	if err != nil || modules == 0 {
		t.Fatalf("%d modules, error %v", modules, err)
	}
}
