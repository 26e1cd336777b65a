package prune_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/prune"
	_ "github.com/adagp/adagp/prune/all"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/wanda"
)

// The README shows the body of this function; TestReadme keeps the two equal.

func pruneFolder(ctx context.Context, in, out string) (*prune.Report, error) {
	model, err := models.Open(in) // reads headers, no weights yet
	if err != nil {
		return nil, err
	}
	defer model.Close()
	tok, err := tokenizer.Open(model.FS)
	if err != nil {
		return nil, err
	}
	text := data.DefaultCalibration() // or data.ReadCorpus([]string{"my.txt"})
	calib, err := data.Calibration(tok, text, data.Windows{Samples: 8, Length: 128, Seed: 0})
	if err != nil {
		return nil, err
	}
	w, err := checkpoint.NewWriter(out, model.Reader, model.FS, checkpoint.WriterOptions{})
	if err != nil {
		return nil, err
	}
	defer w.Abort() // without effect after Commit
	report, err := prune.Run(ctx, model, calib.IDs, prune.Options{
		Method: prune.Local(wanda.Solver{}), Pattern: sparsity.Unstructured(0.7),
	}, w)
	if err != nil {
		return nil, err
	}
	return report, w.Commit()
}

// A whole run: open a model, draw calibration windows, prune layer by layer, write a folder that
// loads wherever the input did.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	report, err := pruneFolder(context.Background(), "demo:llama", filepath.Join(dir, "pruned"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f %% of %d weights are zero\n", 100*report.Totals.Sparsity, report.Totals.Weights)
	// Output: 70.0 % of 737280 weights are zero
}

// TestReadme checks that the library example of the README is the code that Example runs.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_library_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("README.md has no Go code block")
	}
	if !strings.Contains(string(source), "\n"+block) {
		t.Errorf("README.md shows code that is not in example_library_test.go:\n%s", block)
	}
}
