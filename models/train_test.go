package models_test

import (
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// lossOf is the next-token loss of the windows, with the softmax in float64: finite differences need
// every digit that the logits have.
func lossOf(m models.CausalLM, ids [][]int) float64 {
	logits := logitsOf(m, ids...)
	var sum, n float64
	for i, target := range nn.NextTokens(ids) {
		if target == nn.IgnoredTarget {
			continue
		}
		row := logits.Row(i)
		top := float64(row[tensor.ArgMax(row)])
		var z float64
		for _, v := range row {
			z += math.Exp(float64(v) - top)
		}
		sum += top + math.Log(z) - float64(row[target])
		n++
	}
	return sum / n
}

// slope is the derivative of the loss when p moves along direction, by two central differences
// extrapolated (Richardson).
func slope(m models.CausalLM, ids [][]int, p *nn.Param, direction []float32, step float64) float64 {
	old := p.Value().Clone()
	at := func(h float64) float64 {
		for i, d := range direction {
			p.Value().Data()[i] = old.Data()[i] + float32(h)*d
		}
		return lossOf(m, ids)
	}
	wide := (at(step) - at(-step)) / (2 * step)
	narrow := (at(step/2) - at(-step/2)) / step
	p.Value().CopyFrom(old)
	return (4*narrow - wide) / 3
}

// The gradient of the loss reaches every parameter of a whole model: for each, finite differences
// along the gradient itself, along a random direction and for the three weights that matter most.
func TestGradientsOfWholeModels(t *testing.T) {
	const (
		// Small enough that few units of ReLU change sides.
		step = 0.005
		// Of the parameter's whole gradient: truncation is below 1e-3 of it. The rounding of the
		// logits adds up to 2e-6/step to any slope; OPT's key biases show it bare, because
		// softmax makes the loss independent of them.
		tolerance, noise = 5e-3, 4e-4
	)
	for _, name := range []string{
		"rand-llama-bias", "rand-llama-tied", "rand-llama3",
		"rand-opt350", "rand-opt-noprefix-bin", "rand-opt-nobias",
	} {
		t.Run(name, func(t *testing.T) {
			m := openLoaded(t, golden.Path("models/"+name))
			rng := newRNG(9)
			ids := make([][]int, 2)
			for i := range ids {
				for range 6 {
					ids[i] = append(ids[i], rng.IntN(m.Config().VocabSize))
				}
			}
			nn.ZeroGrad(m.Walk)
			c := &nn.Context{Tape: autograd.NewTape()}
			loss := nn.CrossEntropy(models.Forward(c, m.CausalLM, ids), ids)
			c.Tape.Backward(loss)
			if got, want := float64(loss.Value.Data()[0]), lossOf(m, ids); math.Abs(got-want) > 1e-5*want {
				t.Errorf("loss: got %v, want %v", got, want)
			}
			for _, p := range nn.Params(m.Walk) {
				norm := math.Sqrt(tensor.SumSquares(p.Grad))
				check := func(what string, direction []float32) {
					t.Helper()
					var want float64
					for i, d := range direction {
						want += float64(d) * float64(p.Grad.Data()[i])
					}
					got := slope(m, ids, p, direction, step)
					if d := math.Abs(got - want); !(d <= tolerance*norm+noise) {
						t.Errorf("%s, %s: gradient %g, finite difference %g, apart by %g of the norm %g",
							p.Name, what, want, got, d/norm, norm)
					}
				}
				along, across := make([]float32, p.Len()), make([]float32, p.Len())
				for i, g := range p.Grad.Data() {
					along[i] = float32(float64(g) / max(norm, 1e-12))
					across[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Len())))
				}
				check("along the gradient", along)
				check("in a random direction", across)
				for range 3 {
					i := tensor.ArgMax(absolute(along))
					one := make([]float32, p.Len())
					one[i], along[i] = 1, 0
					check("largest weight", one)
				}
			}
		})
	}
}

func absolute(xs []float32) []float32 {
	ys := make([]float32, len(xs))
	for i, x := range xs {
		ys[i] = float32(math.Abs(float64(x)))
	}
	return ys
}

// Frozen parameters get no gradient and stay out of the tape.
func TestFrozenParameters(t *testing.T) {
	m := openLoaded(t, golden.Path("models/rand-llama3"))
	ids := [][]int{{1, 2, 3, 4}}
	nn.ZeroGrad(m.Layers()[1].Walk)
	c := &nn.Context{Tape: autograd.NewTape()}
	c.Tape.Backward(nn.CrossEntropy(models.Forward(c, m.CausalLM, ids), ids))
	trained := map[*nn.Param]bool{}
	m.Layers()[1].Walk(func(p *nn.Param) { trained[p] = true })
	for _, p := range nn.Params(m.Walk) {
		if got := p.Grad != nil && tensor.MaxAbs(p.Grad) > 0; got != trained[p] {
			t.Errorf("%s: has a gradient: %v, want %v", p.Name, got, trained[p])
		}
	}
}
