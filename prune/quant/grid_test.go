package quant

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

func random(seed uint64, rows, cols int) *linalg.Matrix {
	r := rand.New(rand.NewPCG(seed, 3))
	w := linalg.New(rows, cols)
	for k := range w.Data {
		if w.Data[k] = r.NormFloat64(); r.IntN(3) == 0 {
			w.Data[k] = 0
		}
	}
	return w
}

// TestNearest: on the grid, half a step away at most, zeros where they were, whatever the shape.
func TestNearest(t *testing.T) {
	for _, shape := range [][2]int{{1, 1}, {3, 7}, {20, 64}, {5, 100}, {4, 0}} {
		for _, s := range []Spec{{2, 0}, {3, 5}, {4, 0}, {4, 32}, {8, 1}, {8, 1 << 60}} {
			w := random(uint64(shape[1]), shape[0], shape[1])
			out, g := Nearest(s, w)
			if err := g.Check(out); err != nil {
				t.Fatal(err)
			}
			for i := range w.Rows {
				for j, v := range w.Row(i) {
					// Zero is rounded to a point, which may move an end of the grid by half a step.
					if d := math.Abs(out.At(i, j) - v); d > 1.000001*float64(g.Scales[g.index(i, j)]) {
						t.Errorf("%v: weight [%d %d] moved by %g, the step is %g", s, i, j, d, g.Scales[g.index(i, j)])
					}
					if v == 0 && out.At(i, j) != 0 {
						t.Errorf("%v: the zero at [%d %d] became %g", s, i, j, out.At(i, j))
					}
				}
			}
		}
	}
}

// TestPoints works a grid out by hand: weights from -1 to 2 on 2 bits are -1, 0, 1, 2.
func TestPoints(t *testing.T) {
	w := linalg.FromSlice([]float64{-1, 2, 0.4, 0.5, 0.6, 1.5, 0, -0.2}, 1, 8)
	out, g := Nearest(Spec{Bits: 2}, w)
	if want := []float64{-1, 2, 0, 0, 1, 2, 0, 0}; !slices.Equal(out.Data, want) {
		t.Errorf("rounded to %v, want %v", out.Data, want)
	}
	if g.Scales[0] != 1 || g.Zeros[0] != 1 || g.Code(0, 0, -1) != 0 || g.Code(0, 0, 9) != 3 || g.Code(0, 0, math.Inf(-1)) != 0 {
		t.Errorf("grid %+v", g)
	}
	if err := g.Check(linalg.FromSlice([]float64{0, 0, 0, 1.25, 0, 0, 0, 0}, 1, 8)); err == nil || !strings.Contains(err.Error(), "[0 3] is 1.25") {
		t.Errorf("error %v, want one about weight [0 3]", err)
	}
	if err := g.Check(linalg.New(2, 8)); err == nil {
		t.Error("grids of another shape fit")
	}
}

// TestExtremes: rows of zeros, of one sign, and at the ends of float32 and beyond.
func TestExtremes(t *testing.T) {
	for _, row := range [][]float64{{0, 0, 0}, {3, 1, 2}, {-3, -1, -2}, {1e-45, 0, -1e-45}, {1e-60, 1, -1}, {1e-60, 0, 0},
		{math.MaxFloat32, -math.MaxFloat32, 1}, {1e300, -1e300, 0}, {math.MaxFloat64, -math.MaxFloat64, 0}} {
		for bits := MinBits; bits <= MaxBits; bits++ {
			out, g := Nearest(Spec{Bits: bits}, linalg.FromSlice(slices.Clone(row), 1, 3))
			if err := g.Check(out); err != nil {
				t.Errorf("%d bits, %v: %v", bits, row, err)
			}
			for j, v := range out.Data {
				if v-v != 0 || row[j] == 0 && v != 0 || v*row[j] < 0 {
					t.Errorf("%d bits: %v became %v", bits, row, out.Data)
				}
			}
			if _, err := full(g).Grid(1, 3); err != nil {
				t.Errorf("%d bits, %v: %v", bits, row, err)
			}
		}
	}
}

func TestThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	w := random(1, 300, 257)
	parallel.SetThreads(1)
	one, grid := Nearest(Spec{4, 64}, w)
	parallel.SetThreads(3)
	many, other := Nearest(Spec{4, 64}, w)
	if !slices.Equal(one.Data, many.Data) || !slices.Equal(grid.Scales, other.Scales) {
		t.Error("three threads give another result than one")
	}
}

func TestSpecCheck(t *testing.T) {
	for _, s := range []Spec{{0, 0}, {1, 0}, {9, 0}, {-4, 0}, {4, -1}} {
		if s.Check() == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
}

// Grids that cannot be say what is wrong with them.
func TestNewPanics(t *testing.T) {
	panicOf := func(s Spec, rows, cols int) (value any) {
		defer func() { value = recover() }()
		New(s, rows, cols)
		return nil
	}
	var spec *SpecError
	if err, ok := panicOf(Spec{Bits: 9}, 1, 2).(error); !ok || !errors.As(err, &spec) || spec.Spec.Bits != 9 {
		t.Errorf("9 bits: panic %v, want a SpecError", err)
	}
	var shape *tensor.ShapeError
	for _, size := range [][2]int{{-1, 2}, {2, -1}} {
		if err, ok := panicOf(Spec{Bits: 4}, size[0], size[1]).(error); !ok || !errors.As(err, &shape) || !strings.Contains(err.Error(), "quant.New") {
			t.Errorf("%v: panic %v, want a ShapeError", size, err)
		}
	}
}

// full returns a record that holds its grids, as those of former versions do.
func full(g *Grid) *Record {
	r := g.Record()
	r.Scales, r.Zeros = g.ScaleBytes(), slices.Clone(g.Zeros)
	return r
}

func TestRecord(t *testing.T) {
	_, g := Nearest(Spec{4, 10}, random(2, 6, 35))
	text, err := json.Marshal(full(g))
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	back, err := r.Grid(6, 35)
	if err != nil {
		t.Fatal(err)
	}
	if back.Spec != g.Spec || back.Groups != 4 || !slices.Equal(back.Scales, g.Scales) || !slices.Equal(back.Zeros, g.Zeros) {
		t.Errorf("%+v came back as %+v", g, back)
	}
	for name, spoil := range map[string]func(*Record){
		"bits":      func(r *Record) { r.Bits = 9 },
		"group":     func(r *Record) { r.Group = 5 },
		"symmetric": func(r *Record) { r.Symmetric = true },
		"short":     func(r *Record) { r.Scales = r.Scales[:10] },
		"zeros":     func(r *Record) { r.Zeros = r.Zeros[:12] },
		"scale":     func(r *Record) { clear(r.Scales[:4]) },
		"zero":      func(r *Record) { r.Zeros[3] = 16 },
		"infinity":  func(r *Record) { copy(r.Scales, []byte{0, 0, 0x80, 0x7f}) },
	} {
		bad := full(g)
		spoil(bad)
		if _, err := bad.Grid(6, 35); err == nil {
			t.Errorf("%s: a spoilt record is accepted", name)
		}
	}
	for _, shape := range [][2]int{{0, 35}, {6, 0}, {-6, 35}, {7, 35}, {6, 41}, {1 << 60, 35}} {
		if _, err := r.Grid(shape[0], shape[1]); err == nil {
			t.Errorf("grids for [6 35] are accepted for %v", shape)
		}
	}
}

// FuzzRecord reads records from JSON; whatever is accepted must work.
func FuzzRecord(f *testing.F) {
	_, g := Nearest(Spec{3, 4}, random(3, 2, 9))
	text, _ := json.Marshal(full(g))
	f.Add(text, 2, 9)
	f.Add([]byte(`{"bits":4,"scales":"AACAPw==","zeros":"AA=="}`), 1, 1)
	f.Fuzz(func(t *testing.T, text []byte, rows, cols int) {
		var r Record
		if json.Unmarshal(text, &r) != nil {
			return
		}
		g, err := r.Grid(rows, cols)
		if err != nil {
			return
		}
		for _, at := range [][2]int{{0, 0}, {rows - 1, cols - 1}, {rows / 2, cols / 2}} {
			v := g.Round(at[0], at[1], 0.3)
			if g.Round(at[0], at[1], v) != v {
				t.Errorf("%g at %v is not a fixed point", v, at)
			}
		}
	})
}
