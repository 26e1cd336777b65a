package tune

import (
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// BenchmarkStep times one step on 4 windows of 256 tokens, with every other weight pruned.
func BenchmarkStep(b *testing.B) {
	for _, path := range []string{"demo:llama", "demo:opt", "models/llama-mini"} {
		b.Run(path, func(b *testing.B) {
			if path == "models/llama-mini" {
				path = golden.Shared(b, path)
			}
			student, teacher := benchModel(b, path), benchModel(b, path)
			rng := rand.New(rand.NewPCG(1, 2))
			ids := make([][]int, 4)
			for i := range ids {
				for range 256 {
					ids[i] = append(ids[i], rng.IntN(student.Config().VocabSize))
				}
			}
			masks := map[*nn.Linear]*sparsity.Mask{}
			for _, l := range student.Layers() {
				for _, lin := range l.Linears() {
					masks[lin] = everyOther(lin.Weight.Value())
				}
			}
			b.Run("block", func(b *testing.B) {
				layer, c := student.Layers()[0], &nn.Context{}
				own := map[*nn.Linear]*sparsity.Mask{}
				for _, lin := range layer.Linears() {
					own[lin] = masks[lin]
				}
				h := teacher.Embed(c, ids)
				target := teacher.Layers()[0].Forward(c, h)
				d, err := newBlock(layer, own, scratch.List(h.Value), scratch.List(target.Value), []int{c.SeqLen}, Options{})
				benchStep(b, d, err, layer.Walk)
			})
			b.Run("global", func(b *testing.B) {
				d, err := newGlobal(student, teacher, masks, ids, Options{})
				benchStep(b, d, err, student.Walk)
			})
		})
	}
}

func benchModel(b testing.TB, path string) *models.Model {
	m, err := models.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	if err := m.LoadAll(); err != nil {
		b.Fatal(err)
	}
	return m
}

// everyOther prunes a checkerboard of w, in place.
func everyOther(w *tensor.Tensor) *sparsity.Mask {
	mask := sparsity.NewMask(w.Dim(0), w.Dim(1))
	for i := range mask.Rows {
		for j := i % 2; j < mask.Cols; j += 2 {
			mask.Set(i, j, false)
			w.Set(0, i, j)
		}
	}
	return mask
}

func benchStep(b *testing.B, d *descent, err error, walk func(func(*nn.Param))) {
	if err != nil {
		b.Fatal(err)
	}
	defer d.weights.only(walk)()
	opt := optim.New(d.weights.params(), optim.Adam(1e-4, beta1, beta2, epsilon), optim.Options{})
	d.total = 1
	b.ReportAllocs()
	for b.Loop() {
		if diverged, err := d.step(opt, []int{0, 1, 2, 3}); diverged != nil || err != nil {
			b.Fatal(diverged, err)
		}
	}
	b.ReportMetric(float64(4*256*b.N)/b.Elapsed().Seconds(), "tokens/s")
}
