package autograd_test

import (
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// angles returns the tables of rotary embeddings for a head of 2·half.
func angles(positions, half int) (cos, sin *tensor.Tensor) {
	cos, sin = tensor.New(positions, half), tensor.New(positions, half)
	for p := range positions {
		for j := range half {
			angle := float64(p) * math.Pow(100, -float64(j)/float64(half))
			cos.Set(float32(math.Cos(angle)), p, j)
			sin.Set(float32(math.Sin(angle)), p, j)
		}
	}
	return cos, sin
}

func TestRoPE(t *testing.T) {
	// A head of two elements at position 1 turns by 90 degrees; a second window
	// of two rows starts again at the offset.
	cos, sin := values([]int{3, 1}, 1, 0, -1), values([]int{3, 1}, 0, 1, 0)
	x := values([]int{3, 4}, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4)
	got := autograd.RoPE(autograd.Const(x), cos, sin, autograd.RoPEShape{Heads: 2, SeqLen: 2, Starts: []int{1, 1}}).Value
	wantClose(t, "quarter turns", got, values([]int{3, 4}, -2, 1, -4, 3, -1, -2, -3, -4, -2, 1, -4, 3), 0)

	// Pairs as complex numbers, multiplied by e^(i·angle).
	const heads, half, seqLen = 2, 3, 3
	starts := []int{2, 1}
	cos, sin = angles(seqLen+2, half)
	for _, s := range []autograd.RoPEShape{{}, {HeadDim: 8}, {Interleaved: true}, {HeadDim: 9, Interleaved: true}} {
		s.Heads, s.SeqLen, s.Starts = heads, seqLen, starts
		width := max(s.HeadDim, 2*half)
		x = random(1, 2*seqLen, heads*width)
		want := x.Clone()
		for i := range x.Dim(0) {
			for h := range heads {
				for j := range half {
					a, b, p := h*width+j, h*width+j+half, starts[i/seqLen]+i%seqLen
					if s.Interleaved {
						a, b = h*width+2*j, h*width+2*j+1
					}
					z := complex(x.At(i, a), x.At(i, b)) * complex(cos.At(p, j), sin.At(p, j))
					want.Set(real(z), i, a)
					want.Set(imag(z), i, b)
				}
			}
		}
		f := unary(func(x *autograd.Var) *autograd.Var { return autograd.RoPE(x, cos, sin, s) })
		wantClose(t, "complex product", infer(f, x), want, roundoff)
		gradcheck.Check(t, "rope", f, x)
	}
	x = random(1, 2*seqLen, heads*half*2)

	for _, c := range []struct {
		what          string
		heads, seqLen int
		starts        []int
		headDim       int
	}{
		{"wrong number of heads", 3, seqLen, starts, 0},
		{"positions beyond the tables", heads, seqLen, []int{0, 3}, 0},
		{"negative offset", heads, seqLen, []int{0, -1}, 0},
		{"no sequence length", heads, 0, nil, 0},
		{"too few starts", heads, seqLen, []int{0}, 0},
		{"a head narrower than its rotated part", 3, seqLen, starts, 4},
	} {
		wantShapePanic(t, c.what, func() {
			autograd.RoPE(autograd.Const(x), cos, sin, autograd.RoPEShape{Heads: c.heads, SeqLen: c.seqLen, Starts: c.starts, HeadDim: c.headDim})
		})
	}
}
