package nn

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// RoPEScaling stretches rotary embeddings to longer contexts than the model was first trained on.
type RoPEScaling struct {
	// Type is "default" (or empty), "linear" or "llama3".
	Type string
	// Factor is the stretch of the linear and llama3 kinds.
	Factor float64
	// LowFreq and HighFreq bound, in rotations per original context, the band that the llama3
	// kind blends: slower pairs are stretched, faster ones kept.
	LowFreq, HighFreq float64
	// OriginalPositions is the context length before stretching (llama3).
	OriginalPositions int
}

// RoPE is the rotary position embedding (Su et al. 2021): the element pair (j, j + HeadDim/2) of
// every query and key head is rotated by position · InvFreq[j]. This is the pairing by halves of
// Hugging Face checkpoints, not the neighbouring pairs of the paper and of llama2.c.
type RoPE struct {
	HeadDim int
	InvFreq []float32 // [HeadDim/2], radians per position

	mu       sync.Mutex
	cos, sin *tensor.Tensor // [positions, HeadDim/2], grown on demand
}

// NewRoPE returns the rotary embedding with base theta. An odd headDim, an unknown scaling type and
// scaling values that make no sense are errors.
func NewRoPE(headDim int, theta float64, s RoPEScaling) (*RoPE, error) {
	if headDim < 2 || headDim%2 != 0 {
		return nil, fmt.Errorf("rotary embedding: head dimension %d is not a positive even number", headDim)
	}
	if !(theta > 0) || math.IsInf(theta, 0) {
		return nil, fmt.Errorf("rotary embedding: theta %v is not a positive number", theta)
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("rotary embedding: %w", err)
	}
	r := &RoPE{HeadDim: headDim, InvFreq: make([]float32, headDim/2)}
	for j := range r.InvFreq {
		// Rounded to float32 after each operation, as the reference does, because a relative
		// error of 1e-7 here is multiplied by the position.
		exponent := float32(2*j) / float32(headDim)
		power := float32(math.Pow(float64(float32(theta)), float64(exponent)))
		r.InvFreq[j] = 1 / power
	}
	s.apply(r.InvFreq)
	return r, nil
}

// Check reports an unknown type and values that make no sense for it.
func (s RoPEScaling) Check() error {
	switch s.Type {
	case "", "default":
		return nil
	case "linear", "llama3":
	default:
		return fmt.Errorf("unknown scaling type %q, want default, linear or llama3", s.Type)
	}
	if !(s.Factor > 0) || math.IsInf(s.Factor, 0) {
		return fmt.Errorf("factor %v is not a positive number", s.Factor)
	}
	if s.Type == "linear" {
		return nil
	}
	if !(s.LowFreq > 0) || !(s.HighFreq > s.LowFreq) || math.IsInf(s.HighFreq, 0) {
		return fmt.Errorf("low_freq_factor %v to high_freq_factor %v is not a range of positive numbers", s.LowFreq, s.HighFreq)
	}
	if s.OriginalPositions <= 0 {
		return fmt.Errorf("original_max_position_embeddings %d is not positive", s.OriginalPositions)
	}
	return nil
}

// apply stretches the inverse frequencies in place.
func (s RoPEScaling) apply(inv []float32) {
	for j, f := range inv {
		switch s.Type {
		case "linear":
			inv[j] = f / float32(s.Factor)
		case "llama3":
			inv[j] = s.llama3(float64(f))
		}
	}
}

// llama3 divides a slow rotation by Factor, keeps a fast one and blends linearly between.
func (s RoPEScaling) llama3(f float64) float32 {
	original := float64(s.OriginalPositions)
	wavelength := 2 * math.Pi / f // positions per rotation
	switch {
	case wavelength < original/s.HighFreq:
		return float32(f)
	case wavelength > original/s.LowFreq:
		return float32(f / s.Factor)
	}
	keep := (original/wavelength - s.LowFreq) / (s.HighFreq - s.LowFreq)
	return float32((1-keep)*f/s.Factor + keep*f)
}

// Tables returns cos and sin of position · InvFreq for at least the given number of positions, each
// [positions, HeadDim/2]. They are kept and grown; callers must not change them. Safe for
// concurrent use.
func (r *RoPE) Tables(positions int) (cos, sin *tensor.Tensor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cos == nil || r.cos.Dim(0) < positions {
		n := max(positions, 128)
		if r.cos != nil {
			n = max(n, 2*r.cos.Dim(0)) // decoding asks for one more position at a time
		}
		r.cos, r.sin = r.compute(n)
	}
	return r.cos, r.sin
}

func (r *RoPE) compute(positions int) (cos, sin *tensor.Tensor) {
	half := len(r.InvFreq)
	cos, sin = tensor.New(positions, half), tensor.New(positions, half)
	c, s := cos.Data(), sin.Data()
	for p := range positions {
		for j, f := range r.InvFreq {
			angle := float64(float32(p) * f)
			c[p*half+j] = float32(math.Cos(angle))
			s[p*half+j] = float32(math.Sin(angle))
		}
	}
	return cos, sin
}

// Forward rotates x [batch · seqLen, heads · HeadDim]. Its sequences start at the given positions, or at 0
// if there are none.
func (r *RoPE) Forward(x *autograd.Var, heads, seqLen int, starts []int) *autograd.Var {
	last := seqLen
	if len(starts) > 0 {
		last += slices.Max(starts)
	}
	cos, sin := r.Tables(last)
	return autograd.RoPE(x, cos, sin, heads, seqLen, starts)
}
