package quant

import (
	"fmt"
	"math"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// The bits that a grid may have: with 1 there would be nothing beside 0 and one other value.
const (
	MinBits = 2
	MaxBits = 8
)

// Spec says how fine grids are and which weights share one.
type Spec struct {
	Bits  int // a grid has 2^Bits points
	Group int // columns of a row that share a grid, the last of them fewer if need be; 0: the whole row
}

// SpecError says that a Spec is out of range.
type SpecError struct {
	Spec Spec
	Msg  string // what is wrong, and what was wanted
}

// Error says what is wrong.
func (e *SpecError) Error() string { return e.Msg }

// Check returns a *SpecError unless MinBits <= Bits <= MaxBits and Group >= 0.
func (s Spec) Check() error {
	if s.Bits < MinBits || s.Bits > MaxBits {
		return &SpecError{s, fmt.Sprintf("grids of %d bits: want %d to %d", s.Bits, MinBits, MaxBits)}
	}
	if s.Group < 0 {
		return &SpecError{s, fmt.Sprintf("grids for groups of %d columns: want at least 1, or 0 for whole rows", s.Group)}
	}
	return nil
}

// width returns how many of cols columns share a grid.
func (s Spec) width(cols int) int {
	if s.Group == 0 || s.Group > cols {
		return max(cols, 1)
	}
	return s.Group
}

// Groups returns how many grids a row of cols columns has.
func (s Spec) Groups(cols int) int { return (max(cols, 1)-1)/s.width(cols) + 1 }

// Grid holds the grids of a matrix [Rows, Cols].
type Grid struct {
	Spec
	Rows, Cols int
	Groups     int       // grids per row
	Scales     []float32 // distance of neighbouring points [Rows·Groups], row after row
	Zeros      []uint8   // number of the point that is 0 [Rows·Groups]
}

// New returns grids for a matrix [rows, cols] that still have to be fitted. It panics with the *SpecError that
// s.Check reports, and with a *tensor.ShapeError for a negative number of rows or columns.
func New(s Spec, rows, cols int) *Grid {
	if err := s.Check(); err != nil {
		panic(err)
	}
	if rows < 0 || cols < 0 {
		panic(&tensor.ShapeError{Op: "quant.New", Got: []int{rows, cols}, Want: []int{tensor.AnyDim, tensor.AnyDim}})
	}
	g := &Grid{Spec: s, Rows: rows, Cols: cols, Groups: s.Groups(cols)}
	g.Scales, g.Zeros = make([]float32, rows*g.Groups), make([]uint8, rows*g.Groups)
	return g
}

// GroupEnd returns the first column behind the group that begins at column j, and 0 when none begins
// there.
func (g *Grid) GroupEnd(j int) int {
	width := g.width(g.Cols)
	if j%width != 0 {
		return 0
	}
	return min(j+width, g.Cols)
}

// Last returns the largest number of a grid point, 2^Bits − 1.
func (s Spec) Last() int { return 1<<s.Bits - 1 }

// index is where the grid of weight [i, j] is stored.
func (g *Grid) index(i, j int) int { return i*g.Groups + j/g.width(g.Cols) }

// Fit makes the grid of row i that column j belongs to reach from min(lowest, 0) to max(highest, 0),
// which must be finite.
func (g *Grid) Fit(i, j int, lowest, highest float64) {
	lo, hi := min(lowest, 0), max(highest, 0)
	last := float64(g.Last())
	scale := float32(min(hi/last-lo/last, math.MaxFloat32))
	if scale == 0 { // nothing there, or less than float32 can hold
		scale = math.SmallestNonzeroFloat32
	}
	k := g.index(i, j)
	g.Scales[k] = scale
	g.Zeros[k] = uint8(min(math.RoundToEven(-lo/float64(scale)), last))
}

// Code returns the number q of the grid point nearest to w at [i, j], the even one of two.
func (g *Grid) Code(i, j int, w float64) int {
	k := g.index(i, j)
	q := math.RoundToEven(w/float64(g.Scales[k])) + float64(g.Zeros[k])
	return int(min(max(q, 0), float64(g.Last())))
}

// Value returns grid point q at [i, j], scale·(q − zero), which is exact.
func (g *Grid) Value(i, j, q int) float64 {
	k := g.index(i, j)
	return float64(g.Scales[k]) * float64(q-int(g.Zeros[k]))
}

// Round returns the value of the grid point nearest to w at [i, j].
func (g *Grid) Round(i, j int, w float64) float64 { return g.Value(i, j, g.Code(i, j, w)) }

// Check returns an error that names the first weight of w [Rows, Cols] that is not on its grid.
func (g *Grid) Check(w *linalg.Matrix) error {
	if w.Rows != g.Rows || w.Cols != g.Cols || len(g.Scales) != g.Rows*g.Groups || len(g.Zeros) != len(g.Scales) {
		return fmt.Errorf("grids for a matrix [%d %d] with %d scales and %d zeros, weights are [%d %d]", g.Rows, g.Cols, len(g.Scales), len(g.Zeros), w.Rows, w.Cols)
	}
	for i := range w.Rows {
		for j, v := range w.Row(i) {
			if v != 0 && g.Round(i, j, v) != v {
				return fmt.Errorf("weight [%d %d] is %g, not on its grid of scale %g and zero %d", i, j, v, g.Scales[g.index(i, j)], g.Zeros[g.index(i, j)])
			}
		}
	}
	return nil
}

// Nearest fits grids to w [out, in], each from its smallest weight to its largest, and returns them with
// the matrix of the nearest grid points. Zeros stay zeros. w must be finite.
func Nearest(s Spec, w *linalg.Matrix) (*linalg.Matrix, *Grid) {
	g, out := New(s, w.Rows, w.Cols), linalg.New(w.Rows, w.Cols)
	parallel.For(w.Rows, max(1, 1<<13/max(1, w.Cols)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := w.Row(i)
			for j, v := range row {
				if end := g.GroupEnd(j); end > 0 {
					g.Fit(i, j, slices.Min(row[j:end]), slices.Max(row[j:end]))
				}
				out.Data[i*w.Cols+j] = g.Round(i, j, v)
			}
		}
	})
	return out, g
}
