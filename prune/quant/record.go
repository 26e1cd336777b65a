package quant

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Record says in pruning.json what grids a matrix is on. The grids themselves are tensors in a file beside
// the weights; folders of former versions have them here.
type Record struct {
	Bits      int  `json:"bits"`
	Group     int  `json:"group"`     // columns that share a grid; 0: the whole row
	Symmetric bool `json:"symmetric"` // always false: every grid has a zero of its own
	// Scales are little-endian float32, one per grid, row after row; Zeros one byte each. JSON has both
	// in base64.
	Scales []byte `json:"scales,omitempty"`
	Zeros  []byte `json:"zeros,omitempty"`
}

// Record returns what is written of grids beside their scales and zeros.
func (s Spec) Record() *Record { return &Record{Bits: s.Bits, Group: s.Group} }

// ScaleBytes returns Scales in little endian.
func (g *Grid) ScaleBytes() []byte {
	b := make([]byte, 0, 4*len(g.Scales))
	for _, v := range g.Scales {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// Grid returns the grids of a matrix [rows, cols]. Numbers that do not fit it, or each other, are an
// error.
func (r *Record) Grid(rows, cols int) (*Grid, error) {
	s := Spec{r.Bits, r.Group}
	if err := s.Check(); err != nil {
		return nil, err
	}
	if rows <= 0 || cols <= 0 || rows > len(r.Zeros) { // before anything of that size is made
		return nil, fmt.Errorf("%d zeros for grids of a matrix [%d %d]", len(r.Zeros), rows, cols)
	}
	groups := s.Groups(cols)
	if r.Symmetric || len(r.Zeros)%rows != 0 || len(r.Zeros)/rows != groups || len(r.Scales) != 4*len(r.Zeros) {
		return nil, fmt.Errorf("%d bytes of scales and %d zeros, symmetric %v: want one each for %d asymmetric grids in each of %d rows",
			len(r.Scales), len(r.Zeros), r.Symmetric, groups, rows)
	}
	g := New(s, rows, cols)
	copy(g.Zeros, r.Zeros)
	for k := range g.Scales {
		v := math.Float32frombits(binary.LittleEndian.Uint32(r.Scales[4*k:]))
		if !(v > 0) || math.IsInf(float64(v), 1) {
			return nil, fmt.Errorf("scale %d is %v, want a positive number", k, v)
		}
		if int(g.Zeros[k]) > g.Last() {
			return nil, fmt.Errorf("zero %d is %d, want at most %d", k, g.Zeros[k], g.Last())
		}
		g.Scales[k] = v
	}
	return g, nil
}
