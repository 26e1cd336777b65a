package asm

import (
	bin "encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// storedMatrix is one matrix in all layouts of a format.
type storedMatrix struct {
	f                     Format
	rows, k               int
	dense                 []float32 // what the mask lets through
	plain                 []byte    // its bytes
	mask, values, offsets []byte
	semi                  []float32 // other weights, two of four
	indices, halves       []byte
}

// appendWeight appends the bytes of a weight, rounded towards zero, and returns what is left of it.
func (f Format) appendWeight(b []byte, v float32) ([]byte, float32) {
	switch f {
	case Float32:
		return bin.LittleEndian.AppendUint32(b, math.Float32bits(v)), v
	case Float16:
		h := f32ToF16(v)
		return bin.LittleEndian.AppendUint16(b, h), f16ToF32(h)
	}
	h := uint16(math.Float32bits(v) >> 16)
	return bin.LittleEndian.AppendUint16(b, h), math.Float32frombits(uint32(h) << 16)
}

// newStored makes a matrix of random weights, of which stored says which there are.
func newStored(r *rand.Rand, f Format, rows, k int, stored func(i, p int) bool) *storedMatrix {
	m := &storedMatrix{f: f, rows: rows, k: k, dense: make([]float32, rows*k), semi: make([]float32, rows*k),
		mask: make([]byte, rows*maskStride(k)), indices: make([]byte, rows*semiStride(k))}
	for i := range rows {
		m.offsets = bin.LittleEndian.AppendUint64(m.offsets, uint64(len(m.values)/f.Size()))
		for p := range k {
			v := float32(0)
			if stored(i, p) {
				m.mask[i*maskStride(k)+p/8] |= 1 << (p % 8)
				m.values, v = f.appendWeight(m.values, float32(r.NormFloat64()))
			}
			m.plain, m.dense[i*k+p] = f.appendWeight(m.plain, v)
		}
		for g := range k / 4 {
			a := r.IntN(3)
			b := a + 1 + r.IntN(3-a)
			m.indices[i*semiStride(k)+g/2] |= byte(a|b<<2) << (g % 2 * 4)
			m.halves, m.semi[i*k+4*g+a] = f.appendWeight(m.halves, float32(r.NormFloat64()))
			m.halves, m.semi[i*k+4*g+b] = f.appendWeight(m.halves, float32(r.NormFloat64()))
		}
	}
	m.offsets = bin.LittleEndian.AppendUint64(m.offsets, uint64(len(m.values)/f.Size()))
	return m
}

func (m *storedMatrix) bitmask() *BitmaskWeights {
	return &BitmaskWeights{m.f, m.rows, m.k, m.mask, m.values, m.offsets}
}

var formatNames = [formats]string{"f32", "f16", "bf16"}

// layouts are the products with rows lo to hi-1; w is what they multiply by. Each gets its bytes
// through at, which may move them.
func (m *storedMatrix) layouts(at func([]byte) []byte) map[string]struct {
	w   []float32
	mul func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int)
} {
	type layout = struct {
		w   []float32
		mul func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int)
	}
	size := m.f.Size()
	plain, mask, values, offsets := at(m.plain), at(m.mask), at(m.values), at(m.offsets)
	indices, halves := at(m.indices), at(m.halves)
	all := map[string]layout{
		"plain": {m.dense, func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int) {
			w := PlainWeights{m.f, hi - lo, m.k, plain[lo*m.k*size : hi*m.k*size]}
			PlainRows(w, MatrixOf(x, n, m.k, ldx), MatrixOf(y, n, hi-lo, ldy))
		}},
		"bitmask": {m.dense, func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int) {
			stride := maskStride(m.k)
			w := BitmaskWeights{m.f, hi - lo, m.k, mask[lo*stride : hi*stride], values, offsets[8*lo : 8*(hi+1)]}
			BitmaskRows(w, MatrixOf(x, n, roundUp(m.k, PackedColumns), ldx), MatrixOf(y, n, hi-lo, ldy))
		}},
	}
	if m.k%4 == 0 {
		all["semi"] = layout{m.semi, func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int) {
			stride, row := semiStride(m.k), m.k/2*size
			w := SemiWeights{m.f, hi - lo, m.k, indices[lo*stride : hi*stride], halves[lo*row : hi*row]}
			SemiRows(w, MatrixOf(x, n, roundUp(m.k, PackedColumns), ldx), MatrixOf(y, n, hi-lo, ldy))
		}}
	}
	return all
}

// shares are patterns of stored weights: rows without any, full rows, and in between.
var shares = map[string]func(r *rand.Rand) func(i, p int) bool{
	"none":  func(*rand.Rand) func(i, p int) bool { return func(i, p int) bool { return false } },
	"all":   func(*rand.Rand) func(i, p int) bool { return func(i, p int) bool { return true } },
	"half":  func(r *rand.Rand) func(i, p int) bool { return func(i, p int) bool { return r.IntN(2) == 0 } },
	"tenth": func(r *rand.Rand) func(i, p int) bool { return func(i, p int) bool { return r.IntN(10) == 0 } },
	"some rows": func(r *rand.Rand) func(i, p int) bool {
		return func(i, p int) bool { return i%3 == 1 || i%3 == 2 && p%64 < 20 && r.IntN(3) > 0 }
	},
}

// TestStoredRows: all layouts, formats and levels against float64, for lengths with all tails, bytes
// at any offset, and the same sums however rows and vectors are split over calls.
func TestStoredRows(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(11)
		var columns []int
		for k := range 70 {
			columns = append(columns, k)
		}
		if testing.Short() {
			columns = []int{0, 3, 4, 8, 12, 20, 44, 60, 64, 68}
		}
		columns = append(columns, 127, 128, 132, 191, 200, 256, 260, 300, 516)
		for f := range formats {
			for _, k := range columns {
				for name, share := range shares {
					if k > 0 && k < 60 && k%4 != 0 && name != "half" {
						continue
					}
					rows := 1 + r.IntN(9)
					m := newStored(r, f, rows, k, share(r))
					for layout, l := range m.layouts(func(b []byte) []byte { return shifted(b, r.IntN(8)) }) {
						checkStoredRows(t, r, fmt.Sprintf("%s %s, %d×%d, %s stored", layout, formatNames[f], rows, k, name), rows, k, l.w, l.mul)
					}
				}
			}
		}
	})
}

// shifted copies b to that many bytes past an aligned address, with bytes of NaNs around.
func shifted(b []byte, by int) []byte {
	room := make([]byte, len(b)+by+128)
	for i := range room {
		room[i] = 0xff
	}
	part := room[64+by:][:len(b):len(b)]
	copy(part, b)
	return part
}

func checkStoredRows(t *testing.T, r *rand.Rand, what string, rows, k int, w []float32, mul func(lo, hi, n int, x []float32, ldx int, y []float32, ldy int)) {
	t.Helper()
	n := []int{1, 2, 4, 5, 9}[r.IntN(5)]
	ldx, ldy := roundUp(k, PackedColumns)+r.IntN(2)*3, rows+r.IntN(3)
	x := make([]float32, n*ldx)
	for v := range n {
		fillNormal(r, x[v*ldx:][:k])
	}
	y := guardFloats(n*ldy, r.IntN(4))
	for i := range y.data {
		y.data[i] = float32(math.NaN())
	}
	mul(0, rows, n, x, ldx, y.data, ldy)
	y.check(t, sameBits, what)
	for v := range n {
		for i := range rows {
			want, size := 0.0, 0.0
			for p := range k {
				term := float64(w[i*k+p]) * float64(x[v*ldx+p])
				want, size = want+term, size+math.Abs(term)
			}
			if got := float64(y.data[v*ldy+i]); !(math.Abs(got-want) <= size*float64(k+2)*0x1p-24) {
				t.Fatalf("%s: y[%d][%d] of %d vectors is %v, want %v", what, v, i, n, got, want)
			}
		}
		for i := rows; i < ldy; i++ {
			if got := y.data[v*ldy+i]; got == got {
				t.Fatalf("%s: wrote %v between the rows of y", what, got)
			}
		}
	}
	cut := r.IntN(rows + 1)
	for v := range n {
		again := make([]float32, rows)
		mul(0, cut, 1, x[v*ldx:], ldx, again, rows)
		mul(cut, rows, 1, x[v*ldx:], ldx, again[cut:], rows)
		for i := range again {
			if !sameBits(again[i], y.data[v*ldy+i]) {
				t.Fatalf("%s: y[%d][%d] is %v with %d vectors at once, %v alone in rows cut at %d", what, v, i, y.data[v*ldy+i], n, again[i], cut)
			}
		}
	}
}

// TestStoredRowsLarge has rows enough for blocks, for halves and for quarters.
func TestStoredRowsLarge(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(12)
		for f := range formats {
			for name, share := range shares {
				m := newStored(r, f, 67, 1100, share(r))
				for layout, l := range m.layouts(func(b []byte) []byte { return b }) {
					checkStoredRows(t, r, fmt.Sprintf("%s %s, %s stored", layout, formatNames[f], name), m.rows, m.k, l.w, l.mul)
				}
			}
		}
	})
}

// TestStoredSpecialValues: infinities and NaNs among weights and inputs reach the sums they belong to
// and no others.
func TestStoredSpecialValues(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		r, stride := newRand(17), 1
		if testing.Short() {
			stride = 20
		}
		for f := range formats {
			const rows, k = 5, 72
			for p := 0; p < k; p += 1 + r.IntN(stride) {
				m := newStored(newRand(uint64(p)), f, rows, k, func(i, q int) bool { return q == p || (q+i)%3 == 0 })
				size := f.Size()
				// Row 1 has an infinity, row 3 a NaN, in column p.
				for i, v := range map[int]float32{1: inf, 3: nan} {
					b, _ := f.appendWeight(nil, v)
					copy(m.plain[(i*k+p)*size:], b)
					at := m.bitmask().offset(i)
					for q := range p {
						at += int(m.mask[i*maskStride(k)+q/8] >> (q % 8) & 1)
					}
					copy(m.values[at*size:], b)
				}
				x, y := make([]float32, 128), make([]float32, rows)
				for q := range k {
					x[q] = 1
				}
				for name, l := range m.layouts(func(b []byte) []byte { return b }) {
					if name == "semi" {
						continue
					}
					l.mul(0, rows, 1, x, 128, y, rows)
					for i, v := range y {
						switch {
						case i == 1 && v != inf, i == 3 && v == v, i != 1 && i != 3 && (v != v || math.IsInf(float64(v), 0)):
							t.Fatalf("%s %s, infinity in row 1 and NaN in row 3 of column %d: y[%d] = %v", name, formatNames[f], p, i, v)
						}
					}
				}
				x[p] = nan // where every row has a weight
				for name, l := range m.layouts(func(b []byte) []byte { return b }) {
					if name == "semi" {
						continue
					}
					l.mul(0, rows, 1, x, 128, y, rows)
					for i, v := range y {
						if v == v {
							t.Fatalf("%s %s, NaN in x[%d]: y[%d] = %v", name, formatNames[f], p, i, v)
						}
					}
				}
			}
		}
	})
}

func TestStoredPanics(t *testing.T) {
	short := make([]byte, 3)
	x, y := make([]float32, 64), make([]float32, 4)
	for name, do := range map[string]func(){
		"weights": func() { PlainRows(PlainWeights{Float32, 1, 1, short}, MatrixOf(x, 1, 1, 64), MatrixOf(y, 1, 1, 1)) },
		"format":  func() { PlainRows(PlainWeights{formats, 1, 0, nil}, MatrixOf(x, 1, 0, 64), MatrixOf(y, 1, 1, 1)) },
		"mask": func() {
			BitmaskRows(BitmaskWeights{BFloat16, 1, 1, short, nil, make([]byte, 16)}, MatrixOf(x, 1, 64, 64), MatrixOf(y, 1, 1, 1))
		},
		"values": func() {
			BitmaskRows(BitmaskWeights{BFloat16, 1, 1, make([]byte, 8), nil, []byte{15: 0, 8: 1}}, MatrixOf(x, 1, 64, 64), MatrixOf(y, 1, 1, 1))
		},
		"offsets": func() {
			BitmaskRows(BitmaskWeights{BFloat16, 1, 1, make([]byte, 8), nil, make([]byte, 8)}, MatrixOf(x, 1, 64, 64), MatrixOf(y, 1, 1, 1))
		},
		"padding": func() {
			BitmaskRows(BitmaskWeights{BFloat16, 1, 1, make([]byte, 8), nil, make([]byte, 16)}, MatrixOf(x[:63], 1, 63, 63), MatrixOf(y, 1, 1, 1))
		},
		"indices": func() {
			SemiRows(SemiWeights{Float32, 2, 64, short, make([]byte, 256)}, MatrixOf(x, 1, 64, 64), MatrixOf(y, 1, 2, 2))
		},
		"rows": func() { PlainRows(PlainWeights{Float32, -1, 0, nil}, MatrixOf(x, 1, 0, 64), MatrixOf(y, 1, 1, 1)) },
		"y":    func() { PlainRows(PlainWeights{BFloat16, 5, 0, nil}, MatrixOf(x, 1, 0, 64), MatrixOf(y, 1, 5, 5)) },
		"vectors": func() {
			PlainRows(PlainWeights{BFloat16, 1, 1, make([]byte, 2)}, MatrixOf(x, 2, 1, 1), MatrixOf(y, 1, 1, 1))
		},
		"no result": func() { BitmaskWiden(BitmaskWeights{formats, 1, 1, make([]byte, 8), nil, make([]byte, 16)}, y) },
		"padded rows": func() {
			RowDots(MatrixOf(x, 2, 3, 4), x, y)
		},
		"long vector": func() { RowDots(MatrixOf(x, 2, 3, 3), x[:2], y) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			do()
		}()
	}
}

func TestStoredAllocatesNothing(t *testing.T) {
	m := newStored(newRand(1), BFloat16, 40, 200, func(i, p int) bool { return p%3 == 0 })
	x, y := make([]float32, 5*256), make([]float32, 5*40)
	for name, l := range m.layouts(func(b []byte) []byte { return b }) {
		if n := testing.AllocsPerRun(20, func() { l.mul(0, 40, 5, x, 256, y, 40) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestWiden: both ways to widen give what was stored.
func TestWiden(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(13)
		for f := range formats {
			for _, k := range []int{0, 1, 4, 8, 20, 63, 64, 72, 132, 300} {
				m := newStored(r, f, 5, k, func(i, p int) bool { return r.IntN(3) == 0 })
				at := func(b []byte) []byte { return shifted(b, r.IntN(8)) }
				for name, widen := range map[string]func(dst []float32){
					"plain":   func(dst []float32) { Widen(f, dst, at(m.plain)) },
					"bitmask": func(dst []float32) { BitmaskWiden(BitmaskWeights{f, 5, k, at(m.mask), at(m.values), m.offsets}, dst) },
				} {
					want := m.dense
					dst := guardFloats(5*k, r.IntN(4))
					widen(dst.data)
					dst.check(t, sameBits, name)
					for i, v := range dst.data {
						if !sameBits(v, want[i]) {
							t.Fatalf("%s %s, %d columns: element %d is %v, want %v", name, formatNames[f], k, i, v, want[i])
						}
					}
				}
			}
		}
	})
}

// TestRowDots: the same as from bytes.
func TestRowDots(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(15)
		for _, k := range []int{0, 1, 7, 8, 15, 16, 31, 33, 64, 100, 1025} {
			for rows := range 10 {
				m := newStored(r, Float32, rows, k, func(i, p int) bool { return true })
				x, want, y := make([]float32, k), make([]float32, rows), guardFloats(rows, r.IntN(4))
				fillNormal(r, x)
				PlainRows(PlainWeights{Float32, rows, k, m.plain}, MatrixOf(x, 1, k, k), MatrixOf(want, 1, rows, rows))
				RowDots(MatrixOf(m.dense, rows, k, k), x, y.data)
				y.check(t, sameBits, "RowDots")
				for i, v := range y.data {
					if !(math.Abs(float64(v-want[i])) <= 1e-4) {
						t.Fatalf("%d×%d: y[%d] = %v, want %v", rows, k, i, v, want[i])
					}
				}
			}
		}
	})
}
