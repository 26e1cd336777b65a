package tune_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor"
)

// single is a decoder layer of one linear map.
type single struct {
	models.DecoderLayer // nil: whatever else it can do is not used
	lin                 *nn.Linear
}

func (s single) Name() string                                         { return "single" }
func (s single) Forward(c *nn.Context, h *autograd.Var) *autograd.Var { return s.lin.Forward(c, h) }
func (s single) Linears() []*nn.Linear                                { return []*nn.Linear{s.lin} }
func (s single) Walk(visit func(*nn.Param))                           { s.lin.Walk(visit) }

func random(seed uint64, scale float64, shape ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 0x7475))
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(scale * r.NormFloat64())
	}
	return t
}

// problem is a linear layer with half of its weights pruned, and what it should do.
type problem struct {
	layer      single
	masks      map[*nn.Linear]*sparsity.Mask
	in, target []*tensor.Tensor
	seqLens    []int
}

// newProblem makes one of d × d weights, with windows of the given lengths; windows of equal length
// that follow each other form a batch.
func newProblem(d int, lengths ...int) *problem {
	lin := nn.NewLinear("single.proj", d, d, true)
	dense := random(1, 1, d, d)
	lin.Bias.Set(random(2, 1, d))
	mask := sparsity.NewMask(d, d)
	pruned := dense.Clone()
	for i := range d {
		for j := range d {
			if (i*7+j*j)%5 < 3 {
				mask.Set(i, j, false)
				pruned.Set(0, i, j)
			}
		}
	}
	p := &problem{layer: single{lin: lin}, masks: map[*nn.Linear]*sparsity.Mask{lin: mask}}
	mix := random(3, 0.3, d, d) // correlates the inputs, so that survivors can make up for others
	for i := 0; i < len(lengths); {
		n := 0
		for i+n < len(lengths) && lengths[i+n] == lengths[i] {
			n++
		}
		h := random(uint64(10+i), 1, n*lengths[i], d)
		h = tensor.Add(h, tensor.MatMul(h, mix))
		p.in = append(p.in, h)
		p.target = append(p.target, tensor.AddBias(tensor.MatMulNT(h, dense), lin.Bias.Value()))
		p.seqLens = append(p.seqLens, lengths[i])
		i += n
	}
	lin.Weight.Set(pruned)
	return p
}

func (p *problem) block(ctx context.Context, o tune.Options) (tune.Result, error) {
	return tune.Block(ctx, p.layer, p.masks, scratch.List(p.in...), scratch.List(p.target...), p.seqLens, o)
}

func (p *problem) tuned(t testing.TB, o tune.Options) tune.Result {
	t.Helper()
	r, err := p.block(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	checkZeros(t, p.masks)
	return r
}

// checkZeros checks that what is pruned is exactly zero, and that gradients are gone.
func checkZeros(t testing.TB, masks map[*nn.Linear]*sparsity.Mask) {
	t.Helper()
	for lin, m := range masks {
		if lin.Weight.Grad != nil {
			t.Errorf("%s still has a gradient", lin.Name())
		}
		for i := range m.Rows {
			for j, v := range lin.Weight.Value().Row(i) {
				if !m.Keep(i, j) && math.Float32bits(v) != 0 {
					t.Fatalf("%s: pruned weight [%d %d] is %g", lin.Name(), i, j, v)
				}
			}
		}
	}
}

func wantSame(t testing.TB, what string, got, want *tensor.Tensor) {
	t.Helper()
	for i, w := range want.Data() {
		if g := got.Data()[i]; math.Float32bits(g) != math.Float32bits(w) {
			t.Fatalf("%s: element %d is %g, want exactly %g", what, i, g, w)
		}
	}
}

func same(a, b *tensor.Tensor) bool { return slices.Equal(a.Data(), b.Data()) }
