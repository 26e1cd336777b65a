package hub

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/hub/hubtest"
)

// TestPython compares the cache with the one that huggingface_hub fills from the same hub, file by file, and lets it
// find ours. `make test-real` names the Python that has the package in ADAGP_TEST_PYTHON.
func TestPython(t *testing.T) {
	python := os.Getenv("ADAGP_TEST_PYTHON")
	if python == "" {
		t.Skip("ADAGP_TEST_PYTHON names no Python: make test-real")
	}
	files := tiny(100_000)
	s := hubtest.New(t, "org/tiny", files, "model.safetensors")
	s.PageSize = 2
	run := func(cache, offline string) string {
		t.Helper()
		cmd := exec.Command(python, "-c", `import huggingface_hub as h
print(h.snapshot_download("org/tiny", allow_patterns=["config.json", "tokenizer.json", "model.safetensors"]))`)
		cmd.Env = append(os.Environ(), "HF_ENDPOINT="+s.URL, "HF_HUB_CACHE="+cache, "HF_HOME="+t.TempDir(), "HF_HUB_OFFLINE="+offline,
			"HF_HUB_DISABLE_XET=1", "HF_HUB_DISABLE_TELEMETRY=1")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	theirs := t.TempDir()
	run(theirs, "0")
	c := client(t, s)
	snapshot, err := c.Find(context.Background(), tinyName)
	if err != nil {
		t.Fatal(err)
	}
	want, got := tree(t, theirs), tree(t, c.Cache)
	// Their locks are a detail: which stay behind depends on the version of the package.
	isLock := func(name string) bool { return strings.HasPrefix(name, ".locks/") }
	want, got = slices.DeleteFunc(want, isLock), slices.DeleteFunc(got, isLock)
	if !slices.Equal(got, want) {
		t.Fatalf("the cache has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, name := range got {
		name, _, _ = strings.Cut(name, " -> ")
		ours, err := os.ReadFile(filepath.Join(c.Cache, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(theirs, name)); err != nil || !bytes.Equal(ours, b) {
			t.Errorf("%s differs: %v\n%.300s\nwant\n%.300s", name, err, ours, b)
		}
	}
	if dir := run(c.Cache, "1"); dir != snapshot.Dir {
		t.Errorf("offline, huggingface_hub finds %s, want %s", dir, snapshot.Dir)
	}
	c.Cache, c.Offline = theirs, true
	if _, err := c.Find(context.Background(), tinyName); err != nil {
		t.Error(err)
	}
}
