package prune_test

import (
	"context"
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
)

// sumsMethod prunes like Wanda after comparing what it is told of the dense layer with its definition.
type sumsMethod struct {
	prune.Method
	t *testing.T
}

func (m sumsMethod) Wants(o *prune.Options) prune.Wants {
	w := m.Method.Wants(o)
	w.DenseSums = true
	return w
}

func (m sumsMethod) PruneLayer(ctx context.Context, l *prune.Layer) error {
	groups := l.Module.Groups()
	last := len(groups) - 1
	for g := range groups {
		if slots := l.DenseSums[g]; (slots != nil) != (g < last && groups[g].Target == nn.Residual) {
			m.t.Errorf("layer %d: %d dense sums behind group %d", l.Index, len(slots), g)
		}
	}
	same := func(what string, slot *scratch.Slot, want []float32) {
		h, err := slot.Load()
		if err != nil {
			m.t.Fatal(err)
		}
		if !slices.Equal(h.Data(), want) {
			m.t.Errorf("layer %d: %s differ", l.Index, what)
		}
	}
	for b, slot := range l.Dense {
		h, err := slot.Load()
		if err != nil {
			return err
		}
		c, s := &nn.Context{SeqLen: l.SeqLens[b]}, nn.Signals{autograd.Const(h)}
		for g := range groups {
			y := groups[g].Outputs(c, s, groups[g].Input(c, s))
			if sums := l.DenseSums[g]; sums != nil {
				same("dense sums", sums[b], y[0].Value.Data())
			}
			s = groups[g].Finish(c, s, y)
		}
		same("dense outputs", l.DenseOut[b], s[0].Value.Data())
	}
	return m.Method.PruneLayer(ctx, l)
}

// A method that asks for the sums behind residual groups of the dense layer gets them, in memory as from a file.
func TestDenseSums(t *testing.T) {
	for _, name := range []string{"rand-llama-bias", "rand-opt350"} {
		for _, file := range []bool{false, true} {
			m := open(t, name)
			o := prune.Options{Method: sumsMethod{prunetest.Method("wanda"), t}, Pattern: sparsity.Unstructured(0.5), Batch: 2, InFile: file}
			if _, err := prune.Run(context.Background(), m, randomWindows(m.Config().VocabSize, 12, 12, 12, 7), o, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}
