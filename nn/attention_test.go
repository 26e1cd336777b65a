package nn_test

import (
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func newAttention(t testing.TB, heads, kvHeads, headDim, hidden int) *nn.Attention {
	t.Helper()
	rope, err := nn.NewRoPE(headDim, 10000, nn.RoPEScaling{})
	if err != nil {
		t.Fatal(err)
	}
	return &nn.Attention{
		Heads: heads, KVHeads: kvHeads, HeadDim: headDim, RoPE: rope,
		Q: nn.NewLinear("q", hidden, heads*headDim, true),
		K: nn.NewLinear("k", hidden, kvHeads*headDim, true),
		V: nn.NewLinear("v", hidden, kvHeads*headDim, true),
		O: nn.NewLinear("o", heads*headDim, hidden, true),
	}
}

// attentionByHand computes one sequence x [n][hidden] in float64, written as the textbook has it.
func attentionByHand(a *nn.Attention, x [][]float64) [][]float64 {
	q, k, v := linearByHand(a.Q, x), linearByHand(a.K, x), linearByHand(a.V, x)
	for p := range x {
		rotateByHand(a, q[p], p)
		rotateByHand(a, k[p], p)
	}
	mixed := make([][]float64, len(x))
	for i := range x {
		mixed[i] = make([]float64, a.Heads*a.HeadDim)
		for h := range a.Heads {
			kv := h / (a.Heads / a.KVHeads)
			w := make([]float64, i+1)
			var sum float64
			for j := range w {
				var s float64
				for d := range a.HeadDim {
					s += q[i][h*a.HeadDim+d] * k[j][kv*a.HeadDim+d]
				}
				w[j] = math.Exp(s / math.Sqrt(float64(a.HeadDim)))
				sum += w[j]
			}
			for j := range w {
				for d := range a.HeadDim {
					mixed[i][h*a.HeadDim+d] += w[j] / sum * v[j][kv*a.HeadDim+d]
				}
			}
		}
	}
	return linearByHand(a.O, mixed)
}

func linearByHand(l *nn.Linear, x [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for i, row := range x {
		y[i] = make([]float64, l.Out())
		for o := range y[i] {
			y[i][o] = float64(l.Bias.Value().At(o))
			for j, v := range row {
				y[i][o] += float64(l.Weight.Value().At(o, j)) * v
			}
		}
	}
	return y
}

// rotateByHand applies the rotary position p to each head of a row, as complex numbers.
func rotateByHand(a *nn.Attention, row []float64, p int) {
	half := a.HeadDim / 2
	for h := 0; h < len(row); h += a.HeadDim {
		for j := range half {
			angle := float64(p) * math.Pow(10000, -float64(2*j)/float64(a.HeadDim))
			z := complex(row[h+j], row[h+j+half]) * complex(math.Cos(angle), math.Sin(angle))
			row[h+j], row[h+j+half] = real(z), imag(z)
		}
	}
}

func toRows(t *tensor.Tensor) [][]float64 {
	rows := make([][]float64, t.Dim(0))
	for i := range rows {
		for _, v := range t.Row(i) {
			rows[i] = append(rows[i], float64(v))
		}
	}
	return rows
}

func TestAttention(t *testing.T) {
	tests := []struct {
		name                        string
		heads, kvHeads, dim, hidden int
		batch, length               int
	}{
		{"one head", 1, 1, 4, 4, 1, 5},
		{"multi-head", 3, 3, 4, 12, 2, 7},
		{"grouped", 4, 2, 6, 24, 3, 9},
		{"one KV head", 4, 1, 4, 16, 2, 5},
		{"head dim apart from hidden", 2, 2, 8, 10, 2, 6},
		{"one token", 2, 1, 4, 8, 4, 1},
		{"longer than a block", 2, 1, 4, 8, 1, 150},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rng := newRNG(7)
			a := newAttention(t, tt.heads, tt.kvHeads, tt.dim, tt.hidden)
			fill(rng, a.Walk)
			x := random(rng, 1, tt.batch*tt.length, tt.hidden)
			want := tensor.New(x.Shape()...)
			for b := range tt.batch {
				for i, row := range attentionByHand(a, toRows(x.Rows(b*tt.length, (b+1)*tt.length))) {
					for j, v := range row {
						want.Row(b*tt.length + i)[j] = float32(v)
					}
				}
			}
			got := a.Forward(&nn.Context{SeqLen: tt.length}, autograd.Const(x))
			// float32 against float64: a few hundred roundings of 6e-8 each.
			checkClose(t, "attention", got.Value, want, 2e-5)
		})
	}
}

func TestAttentionNeedsWholeSequences(t *testing.T) {
	a := newAttention(t, 2, 1, 4, 8)
	fill(newRNG(1), a.Walk)
	for _, seqLen := range []int{0, -1, 4} {
		got := panics(func() { a.Forward(&nn.Context{SeqLen: seqLen}, autograd.Const(tensor.New(6, 8))) })
		if _, ok := got.(*tensor.ShapeError); !ok {
			t.Errorf("6 rows with SeqLen %d: got panic %v, want a *tensor.ShapeError", seqLen, got)
		}
	}
}

// Attention with windows, caps and biases gives with a cache, in pieces, what one pass gives.
func TestAttentionCachedKinds(t *testing.T) {
	for name, change := range map[string]func(*nn.Attention){
		"window":       func(a *nn.Attention) { a.Window = 5 },
		"small window": func(a *nn.Attention) { a.Window = 1 },
		"soft cap":     func(a *nn.Attention) { a.SoftCap = 0.3 },
		"ALiBi":        func(a *nn.Attention) { a.RoPE, a.ALiBi = nil, &nn.ALiBi{Slopes: []float32{0.5, 0.25, 0.125, 0.1}} },
		"scale":        func(a *nn.Attention) { a.Scale = 2 },
		"all of them": func(a *nn.Attention) {
			a.Window, a.SoftCap, a.Scale, a.ALiBi = 140, 0.4, 1, &nn.ALiBi{Slopes: []float32{0.01, 0.02, 0.03, 0.04}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 150 // more than a block of the cache
			rng := newRNG(5)
			a := newAttention(t, 4, 2, 6, 8)
			change(a)
			fill(rng, a.Walk)
			x := random(rng, 1, n, 8)
			want := a.Forward(&nn.Context{SeqLen: n}, autograd.Const(x)).Value
			cache := nn.NewKVCache()
			for lo, hi := 0, 70; lo < n; lo, hi = hi, min(n, hi+1+hi%7*(hi%3)*6) {
				c := &nn.Context{SeqLen: hi - lo, Caches: []*nn.KVCache{cache}}
				// Only the grouping of sums differs.
				checkClose(t, name, a.Forward(c, autograd.Const(x.Rows(lo, hi))).Value, want.Rows(lo, hi), 1e-5)
			}
			plain := newAttention(t, 4, 2, 6, 8)
			plain.Q, plain.K, plain.V, plain.O = a.Q, a.K, a.V, a.O
			other := plain.Forward(&nn.Context{SeqLen: n}, autograd.Const(x)).Value
			if d := tensor.MaxAbs(tensor.Sub(other, want)); d < 1e-4 {
				t.Errorf("changes a result by %g only", d)
			}
		})
	}
}
