package prune_test

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// transposed writes a small model whose files store matrices as [in, out].
func transposed(t *testing.T, d tensor.DType) string {
	t.Helper()
	config, err := os.ReadFile(golden.Path("families/gpt2.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Build(config)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range nn.Params(m.Walk) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Shape[len(p.Shape)-1])))
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := models.Save(dir, m, config, d); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A matrix that files store as [in, out] is pruned along its inputs, and stored as before; a run that was interrupted
// goes on with it.
func TestTransposed(t *testing.T) {
	model := transposed(t, tensor.F32)
	o := prune.Options{Method: prunetest.Method("adagp", "preset", "fast"), Pattern: sparsity.NM(2, 4)}
	dir := t.TempDir()
	_, want, err := runKept(t, model, filepath.Join(dir, "whole"), false, 1<<30, o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, lin := range m.Layers()[1].Linears() {
		x, err := m.Reader.Read(m.TensorName(lin.Weight))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Shape(), []int{lin.In(), lin.Out()}) {
			t.Errorf("%s: stored shape %v, want [%d %d]", lin.Name(), x.Shape(), lin.In(), lin.Out())
		}
		for i := 0; i < x.Dim(0); i += 4 {
			for j := range x.Dim(1) {
				zeros := 0
				for k := range 4 {
					if x.At(i+k, j) == 0 {
						zeros++
					}
				}
				if zeros < 2 {
					t.Fatalf("%s: %d zeros of inputs %d to %d of output %d", lin.Name(), zeros, i, i+3, j)
				}
			}
		}
	}
	for _, writes := range []int{3, 9, 12} {
		out := filepath.Join(dir, string(rune('a'+writes)))
		if _, _, err := runKept(t, model, out, false, writes, o); !errors.Is(err, errFull) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		if _, got, err := runKept(t, model, out, true, 1<<30, o); err != nil || !maps.Equal(got, want) {
			t.Errorf("after %d writes: error %v, same tensors %v", writes, err, maps.Equal(got, want))
		}
	}
	o.Quantize = &quant.Spec{Bits: 4, Group: 8}
	if _, err := prune.GridTensors(m, o); err == nil || !strings.Contains(err.Error(), "[in, out]") {
		t.Errorf("quantization: got error %v", err)
	}
}
