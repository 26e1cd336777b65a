package prune_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// cutScratch cuts off every scratch file in dir that this process has open, and returns how many.
func cutScratch(t *testing.T, dir string) (cut int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files cannot be listed: %v", err)
	}
	for _, fd := range fds {
		link := filepath.Join("/proc/self/fd", fd.Name())
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, filepath.Join(dir, ".scratch-")) {
			if err := os.Truncate(link, 1000); err != nil {
				t.Fatal(err)
			}
			cut++
		}
	}
	return cut
}

// TestTruncatedScratch: a run whose hidden states are cut off under its hands ends with an error that says
// so, and what it has finished by then is resumed to the same result.
func TestTruncatedScratch(t *testing.T) {
	for _, o := range []prune.Options{
		{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)},
		{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6)},
	} {
		t.Run(methodName(o.Method), func(t *testing.T) {
			dir := t.TempDir()
			o.InFile, o.ScratchDir = true, dir
			_, want, err := runKept(t, golden.Path(stories), filepath.Join(dir, "whole"), false, 1<<30, o)
			if err != nil {
				t.Fatal(err)
			}
			bad, cut := o, 0
			bad.Progress = func(e prune.Event) {
				if e.Stage == prune.StageDone && e.Layer == 1 && cut == 0 {
					cut = cutScratch(t, dir)
				}
			}
			out := filepath.Join(dir, "out")
			if _, _, err := runKept(t, golden.Path(stories), out, false, 1<<30, bad); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "scratch file: it became shorter") {
				t.Fatalf("%d files cut off, error %v", cut, err)
			}
			var restored int
			o.Progress = func(e prune.Event) {
				if e.Restored {
					restored++
				}
			}
			_, got, err := runKept(t, golden.Path(stories), out, true, 1<<30, o)
			if err != nil || !maps.Equal(got, want) || restored < 2 {
				t.Errorf("resumed: error %v, same tensors %v, %d events of restored layers", err, maps.Equal(got, want), restored)
			}
		})
	}
}
