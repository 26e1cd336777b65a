package generate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/generate"
)

// TestTruncatedMeanwhile cuts the file that the weights are used in: on every kernel level, on one thread
// and on several, going on is an error and not the end of the process.
func TestTruncatedMeanwhile(t *testing.T) {
	defer parallel.SetThreads(0)
	defer func(l asm.Level) { _ = asm.SetLevel(l) }(asm.Current())
	for _, level := range asm.Levels() {
		for _, threads := range []int{1, 3} {
			t.Run(level.String(), func(t *testing.T) {
				if err := asm.SetLevel(level); err != nil {
					t.Fatal(err)
				}
				parallel.SetThreads(threads)
				demo, err := models.Folder("demo:llama")
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				if err := os.CopyFS(dir, demo); err != nil {
					t.Fatal(err)
				}
				m, err := models.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if err := m.LoadMapped(m.Walk); err != nil {
					t.Fatal(err)
				}
				s, err := generate.NewSession(m, noText{}, generate.Options{MaxTokens: 3})
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := s.Extend(context.Background(), []int{5, 6, 7}); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(filepath.Join(dir, "model.safetensors"), 100_000); err != nil {
					t.Fatal(err)
				}
				const want = "model.safetensors: the file became shorter while it was in use"
				if _, _, err := s.Extend(context.Background(), []int{8}); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("going on with the text: %v, want that %s", err, want)
				}
				if _, _, err := generate.Run(context.Background(), m, noText{}, [][]int{{5, 6, 7}}, generate.Options{MaxTokens: 3}); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("another text: %v, want that %s", err, want)
				}
			})
		}
	}
}
