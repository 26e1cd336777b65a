package nn

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// RoPE is the rotary position embedding (Su et al. 2021): pairs of elements of every query and key head are
// rotated by position · InvFreq[j]. Pair j is (j, j + half), as in most Hugging Face checkpoints, or
// (2j, 2j + 1), as in the paper, where it is Interleaved.
type RoPE struct {
	HeadDim     int       // width of a head, of which the first 2·len(InvFreq) elements are rotated
	Interleaved bool      // pairs of neighbours
	InvFreq     []float32 // [half], radians per position in a short run

	theta   float64
	scaling RoPEScaling
	mu      sync.Mutex
	tables  map[int]*ropeTables // by RoPEScaling.stretch; grown on demand
}

// ropeTables hold cos and sin of position · frequency, times the attention factor: [positions, half].
type ropeTables struct{ cos, sin *tensor.Tensor }

// NewRoPE returns the rotary embedding with base theta of the first dims elements of a head, which is no wider
// until HeadDim says so. An odd number of them, an unknown scaling type and scaling values that make no sense are
// errors.
func NewRoPE(dims int, theta float64, s RoPEScaling) (*RoPE, error) {
	if dims < 2 || dims%2 != 0 {
		return nil, fmt.Errorf("rotary embedding: head dimension %d is not a positive even number", dims)
	}
	if !(theta > 0) || math.IsInf(theta, 0) {
		return nil, fmt.Errorf("rotary embedding: theta %v is not a positive number", theta)
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("rotary embedding: %w", err)
	}
	if n := len(s.LongFactor); s.Type == "longrope" && n != dims/2 {
		return nil, fmt.Errorf("rotary embedding: %d long and short factors, want one for each of %d pairs", n, dims/2)
	}
	r := &RoPE{HeadDim: dims, theta: theta, scaling: s, tables: map[int]*ropeTables{}}
	r.InvFreq = s.frequencies(dims/2, theta, 0)
	return r, nil
}

// tablesKept bounds the tables of a scaling that has others for every length of a run.
const tablesKept = 8

// Tables returns cos and sin for a run of the given length, each [positions, half] with at least that many
// positions. They are kept and grown; callers must not change them. Safe for concurrent use.
func (r *RoPE) Tables(length int) (cos, sin *tensor.Tensor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := r.scaling.stretch(length)
	t := r.tables[key]
	if t == nil || t.cos.Dim(0) < length {
		n := max(length, 128)
		if t != nil {
			n = max(n, 2*t.cos.Dim(0)) // decoding asks for one more position at a time
		}
		if t == nil && len(r.tables) >= tablesKept {
			clear(r.tables)
		}
		t = r.compute(n, r.scaling.frequencies(len(r.InvFreq), r.theta, length))
		r.tables[key] = t
	}
	return t.cos, t.sin
}

func (r *RoPE) compute(positions int, freq []float32) *ropeTables {
	half, factor := len(freq), r.scaling.attentionFactor()
	t := &ropeTables{tensor.New(positions, half), tensor.New(positions, half)}
	c, s := t.cos.Data(), t.sin.Data()
	for p := range positions {
		for j, f := range freq {
			angle := float64(float32(p) * f)
			c[p*half+j] = factor * float32(math.Cos(angle))
			s[p*half+j] = factor * float32(math.Sin(angle))
		}
	}
	return t
}

// Run is where the rows of a pass stand: sequences of SeqLen rows that begin at Starts, all at 0 if that is nil,
// and belong to runs of Lengths rows in the end, which must not be less than what the pass reaches; nil: just that.
type Run struct {
	SeqLen          int
	Starts, Lengths []int
}

// length returns the length of the run that sequence i belongs to.
func (u Run) length(i int) int {
	n := u.SeqLen
	if u.Starts != nil {
		n += u.Starts[i]
	}
	if u.Lengths != nil {
		n = max(n, u.Lengths[i])
	}
	return n
}

// Forward rotates x [batch · SeqLen, heads · HeadDim].
func (r *RoPE) Forward(x *autograd.Var, heads int, u Run) *autograd.Var {
	shape := autograd.RoPEShape{Heads: heads, SeqLen: u.SeqLen, Starts: u.Starts, HeadDim: r.HeadDim, Interleaved: r.Interleaved}
	batch := max(1, len(u.Starts))
	longest, alike := u.length(0), true
	for i := range batch {
		alike = alike && r.scaling.stretch(u.length(i)) == r.scaling.stretch(longest)
		longest = max(longest, u.length(i))
	}
	if alike {
		cos, sin := r.Tables(longest)
		return autograd.RoPE(x, cos, sin, shape)
	}
	parts := make([]*autograd.Var, batch) // runs that are stretched differently
	for i := range parts {
		cos, sin := r.Tables(u.length(i))
		shape.Starts = slices.Clone(u.Starts[i : i+1])
		parts[i] = autograd.RoPE(autograd.SliceRows(x, i*u.SeqLen, (i+1)*u.SeqLen), cos, sin, shape)
	}
	return autograd.ConcatRows(parts...)
}

// lengths returns how long the runs of the context's caches are to become, nil where that is of no matter.
func (r *RoPE) lengths(c *Context) []int {
	if c.Caches == nil || !r.scaling.LengthMatters() {
		return nil
	}
	n := make([]int, len(c.Caches))
	for i, k := range c.Caches {
		n[i] = k.expected
	}
	return n
}
