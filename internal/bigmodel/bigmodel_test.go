package bigmodel_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
)

// TestWrite: the folder opens as a model whose weights are what the package says, and whose windows it
// can read.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	s := bigmodel.Named["tiny"]
	if err := bigmodel.Write(dir, s, 1); err != nil {
		t.Fatal(err)
	}
	if err := bigmodel.WriteWindows(filepath.Join(dir, "windows.jsonl"), 5, 40, s.Vocab, 1); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	if n := nn.Count(m.Walk); n != s.Parameters() {
		t.Errorf("%d parameters, want %d", n, s.Parameters())
	}
	w := m.Layers()[0].Linears()[0].Weight.Value()
	var mean, square float64
	for _, v := range w.Data() {
		mean += float64(v) / float64(w.Len())
		square += float64(v) * float64(v) / float64(w.Len())
	}
	if want := 1 / float64(s.Hidden); math.Abs(mean) > 5e-3 || math.Abs(square/want-1) > 0.1 {
		t.Errorf("mean %v and mean square %v, want 0 and about %v", mean, square, want)
	}
	c, err := data.ReadCorpus([]string{filepath.Join(dir, "windows.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Windows) != 5 || len(c.Windows[0]) != 40 {
		t.Fatalf("%d windows, want 5 of 40", len(c.Windows))
	}
	h := models.Forward(&nn.Context{}, m, c.Windows).Value
	if i, ok := h.Finite(); !ok {
		t.Errorf("logit %d is %v", i, h.Data()[i])
	}
}
