package bench

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// Packed is a product with a matrix [rows, cols] that is stored in some layout.
type Packed struct {
	Layout  string  `json:"layout"` // "plain", "bitmask" or "2:4"
	DType   string  `json:"dtype"`
	Zeros   float64 `json:"zeros"` // share of the weights
	Rows    int     `json:"rows"`
	Cols    int     `json:"cols"`
	Tokens  int     `json:"tokens"`
	Bytes   int64   `json:"bytes"` // stored
	Seconds float64 `json:"seconds"`
	SpeedUp float64 `json:"speed_up"` // over the dense product in float32, in turn with it
}

type packedSize struct {
	decode [2]int // rows and columns of a matrix for one token
	prompt [2]int // and for this many
	tokens int
	zeros  []float64
}

// storedWeights returns random weights [rows, cols], the given share of which is zero, in the bytes of a
// type; with semi, two of four neighbours are, whatever the share.
func (r *run) storedWeights(d tensor.DType, rows, cols int, zeros float64, semi bool) []byte {
	rng := rand.New(rand.NewPCG(r.o.Seed, uint64(rows)))
	data := make([]byte, 0, rows*cols*d.Size())
	for i := range rows * cols {
		bits := math.Float32bits(rng.Float32() + 1)
		if semi && i%4 >= 2 || !semi && rng.Float64() < zeros {
			bits = 0
		}
		switch d {
		case tensor.F32:
			data = binary.LittleEndian.AppendUint32(data, bits)
		case tensor.BF16:
			data = binary.LittleEndian.AppendUint16(data, uint16(bits>>16))
		default: // F16 of a number from 1 to 2
			half := uint16(bits>>13) & 0x3ff
			if bits != 0 {
				half |= 15 << 10
			}
			data = binary.LittleEndian.AppendUint16(data, half)
		}
	}
	return data
}

// copies returns the matrix again and again, until together they are too large for a cache.
func (r *run) copies(m packed.Matrix) ([]packed.Matrix, error) {
	all := []packed.Matrix{m}
	again := func(b []byte) []byte { return append([]byte(nil), b...) }
	out, in := m.Shape()
	for total := m.Bytes(); total < int64(r.sizes.memory); total += m.Bytes() {
		var next packed.Matrix
		var err error
		switch m := m.(type) {
		case *packed.Plain:
			next, err = packed.NewPlain(m.DType(), out, in, again(m.Data()))
		case *packed.Bitmask:
			next, err = packed.NewBitmask(m.DType(), out, in, again(m.Mask()), again(m.Values()), again(m.Offsets()))
		case *packed.Semi:
			next, err = packed.NewSemi(m.DType(), out, in, again(m.Indices()), again(m.Values()))
		}
		if err != nil {
			return nil, fmt.Errorf("copy a packed matrix: %w", err)
		}
		all = append(all, next)
	}
	return all, nil
}

// stored returns the layouts that are measured for a type. Only bit masks come in several densities.
func (r *run) stored(d tensor.DType, rows, cols int, bitmaskOnly bool, do func(m packed.Matrix, p Packed) error) error {
	p := Packed{DType: d.String(), Rows: rows, Cols: cols}
	if !bitmaskOnly {
		p.Layout = "plain"
		m, err := packed.NewPlain(d, rows, cols, r.storedWeights(d, rows, cols, 0, false))
		if err != nil {
			return err
		}
		if err := do(m, p); err != nil {
			return err
		}
		p.Layout, p.Zeros = "2:4", 0.5
		if m, ok := packed.PackSemi(d, rows, cols, r.storedWeights(d, rows, cols, 0, true)); ok {
			if err := do(m, p); err != nil {
				return err
			}
		}
	}
	p.Layout = "bitmask"
	for _, p.Zeros = range r.sizes.packed.zeros {
		if err := do(packed.PackBitmask(d, rows, cols, r.storedWeights(d, rows, cols, p.Zeros, false)), p); err != nil {
			return err
		}
	}
	return nil
}

// measurePacked multiplies matrices in their layouts by one token, from memory, and by a prompt.
func (r *run) measurePacked() error {
	s := r.sizes.packed
	kinds := []tensor.DType{tensor.F32, tensor.BF16, tensor.F16}
	r.parts = len(kinds) * (2 + 2*len(s.zeros))
	for _, c := range []struct {
		size   [2]int
		tokens int
	}{{s.decode, 1}, {s.prompt, s.tokens}} {
		rows, cols := c.size[0], c.size[1]
		x, y := r.random(c.tokens, cols), tensor.New(c.tokens, rows)
		floats := &ring{data: make([]float32, max(rows*cols, r.sizes.memory/2))}
		r.fill(floats.data)
		for _, d := range kinds {
			err := r.stored(d, rows, cols, c.tokens > 1, func(m packed.Matrix, p Packed) error {
				all := []packed.Matrix{m}
				if c.tokens == 1 {
					var err error
					if all, err = r.copies(m); err != nil {
						return err
					}
				}
				dense := newSeries(func() {
					tensor.MatMulNTInto(y, x, tensor.FromSlice(floats.next(rows*cols), rows, cols))
				})
				at := 0
				product := newSeries(func() {
					all[at%len(all)].MulNTInto(y, x)
					at++
				})
				if err := r.measure(dense, product); err != nil {
					return err
				}
				p.Tokens, p.Bytes, p.Seconds = c.tokens, m.Bytes(), product.median()
				p.SpeedUp = dense.median() / p.Seconds
				r.res.Packed = append(r.res.Packed, p)
				r.done++
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// halfVectors returns series of products with matrices in half precision that lie in memory, and
// what they measure.
func (r *run) halfVectors() (all []*series, what []Vector, err error) {
	for _, d := range []tensor.DType{tensor.BF16, tensor.F16} {
		for _, v := range r.sizes.vectors {
			rows, cols := v[0], v[1]
			m, err := packed.NewPlain(d, rows, cols, r.storedWeights(d, rows, cols, 0, false))
			if err != nil {
				return nil, nil, err
			}
			matrices, err := r.copies(m)
			if err != nil {
				return nil, nil, err
			}
			x, y, at := r.random(1, cols), tensor.New(1, rows), 0
			all = append(all, newSeries(func() {
				matrices[at%len(matrices)].MulNTInto(y, x)
				at++
			}))
			what = append(what, Vector{Rows: rows, Cols: cols, DType: d.String()})
		}
	}
	return all, what, nil
}
