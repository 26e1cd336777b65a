package autograd

import (
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// RoPEShape describes the rows and columns of what is rotated.
type RoPEShape struct {
	Heads  int // side by side in a row
	SeqLen int // rows of each sequence
	// Starts are the positions of the first row of each sequence; nil: all begin at 0.
	Starts []int
	// HeadDim is the width of a head where only the first 2·half elements of it are rotated, with half the
	// width of the tables; 0: all are.
	HeadDim int
	// Interleaved pairs neighbouring elements, as the paper does, instead of those half a rotated part apart, as
	// most Hugging Face checkpoints have it.
	Interleaved bool
}

// RoPE rotates the heads of x [n, Heads·HeadDim] by their position (Su et al.
// 2021, equation 34). cos and sin are [positions, half]; pair j of a head consists of its elements j and j+half,
// or 2j and 2j+1 if they are interleaved.
//
//	y[a] = x[a]·cos - x[b]·sin    dx[a] = dy[a]·cos + dy[b]·sin
//	y[b] = x[b]·cos + x[a]·sin    dx[b] = dy[b]·cos - dy[a]·sin
func RoPE(x *Var, cos, sin *tensor.Tensor, s RoPEShape) *Var {
	_, half := matrix("RoPE, cos", cos)
	wantSameShape("RoPE, sin", sin, cos)
	if s.HeadDim == 0 {
		s.HeadDim = 2 * half
	}
	if s.HeadDim < 2*half {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{s.HeadDim}, Want: []int{2 * half}, Msg: "width of a head, at least that of the rotated part"})
	}
	wantShape("RoPE", x.Value, tensor.AnyDim, s.Heads*s.HeadDim)
	n, width := x.Value.Dim(0), s.Heads*s.HeadDim
	checkPositions(n, s.SeqLen, s.Starts, cos.Dim(0))
	m := memoryOf(x)
	y := empty(m, n, width)
	if !recorded(x) {
		s.rotateRows(y, x.Value, cos, sin)
		return constant(y, m)
	}
	s.Starts = slices.Clone(s.Starts) // the caller may reuse the slice
	s.rotateRows(y, x.Value, cos, sin)
	return record("RoPE", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, n, width)
		s.rotateRows(dx, dy, cos, tensor.Scale(sin, -1)) // minus the angle
		return grads(dx)
	}, x)
}

// rotateRows sets y to the rows of x, rotated.
func (s RoPEShape) rotateRows(y, x, cos, sin *tensor.Tensor) {
	forRows(x.Dim(0), x.Dim(1), func(i int) {
		p := i % s.SeqLen
		if s.Starts != nil {
			p += s.Starts[i/s.SeqLen]
		}
		s.rotateRow(y.Row(i), x.Row(i), cos.Row(p), sin.Row(p))
	})
}

// rotateRow sets y to the row x with all its heads rotated by the angles of a position.
func (s RoPEShape) rotateRow(y, x, cos, sin []float32) {
	rotated := 2 * len(cos)
	if rotated == s.HeadDim && !s.Interleaved {
		asm.RoPERow(y, x, cos, sin)
		return
	}
	for h := 0; h < len(x); h += s.HeadDim {
		from, to := x[h:h+s.HeadDim], y[h:h+s.HeadDim]
		copy(to[rotated:], from[rotated:])
		if !s.Interleaved {
			asm.RoPERow(to[:rotated], from[:rotated], cos, sin)
			continue
		}
		for j, c := range cos {
			a, b := from[2*j], from[2*j+1]
			to[2*j], to[2*j+1] = a*c-b*sin[j], b*c+a*sin[j]
		}
	}
}

// checkPositions panics unless the tables have the positions of n rows.
func checkPositions(n, seqLen int, starts []int, positions int) {
	if seqLen < 1 || starts != nil && len(starts) != (n+seqLen-1)/seqLen {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{n, seqLen, len(starts)}, Msg: "rows must be sequences with a start each"})
	}
	lo, hi := 0, 0
	if len(starts) > 0 {
		lo, hi = slices.Min(starts), slices.Max(starts)
	}
	if last := hi + min(n, seqLen); lo < 0 || last > positions {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{lo, last}, Want: []int{0, positions}, Msg: "range of positions"})
	}
}
