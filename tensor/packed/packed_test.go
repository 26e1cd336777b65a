package packed_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

var dtypes = []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 6)) }

// randomWeights returns the bytes of a matrix with that share of zeros; with semi, at most two of
// every four neighbours are not zero.
func randomWeights(r *rand.Rand, d tensor.DType, out, in int, zeros float64, semi bool) []byte {
	w := make([]float32, out*in)
	for i := range w {
		if r.Float64() >= zeros {
			w[i] = float32(r.NormFloat64())
		}
	}
	if semi {
		for i := 0; i+4 <= len(w); i += 4 {
			perm := r.Perm(4)
			w[i+perm[0]], w[i+perm[1]] = 0, 0
		}
	}
	b := make([]byte, len(w)*d.Size())
	if err := tensor.Encode(b, w, d); err != nil {
		panic(err)
	}
	return b
}

func randomTensor(r *rand.Rand, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(r.NormFloat64())
	}
	return t
}

// layouts packs the weights in every way there is.
func layouts(t testing.TB, d tensor.DType, out, in int, dense []byte) map[string]packed.Matrix {
	plain, err := packed.NewPlain(d, out, in, dense)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]packed.Matrix{"plain": plain, "bitmask": packed.PackBitmask(d, out, in, dense)}
	if semi, ok := packed.PackSemi(d, out, in, dense); ok {
		all["semi"] = semi
	}
	return all
}

// onLevels runs a test once per level of kernels that this machine can use.
func onLevels(t *testing.T, test func(t *testing.T)) {
	for _, level := range asm.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			before := asm.Current()
			if err := asm.SetLevel(level); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = asm.SetLevel(before) }()
			test(t)
		})
	}
}

// product multiplies in float64, and returns besides each element the bound of its error: the sum of
// the absolute values, times that many roundings.
func product(x, w *tensor.Tensor) (want, bound []float64) {
	n, in, out := x.Dim(0), x.Dim(1), w.Dim(0)
	want, bound = make([]float64, n*out), make([]float64, n*out)
	for t := range n {
		for i := range out {
			row := x.Row(t)
			for p, v := range w.Row(i) {
				if v == 0 {
					continue
				}
				term := float64(v) * float64(row[p])
				want[t*out+i] += term
				bound[t*out+i] += math.Abs(term)
			}
			bound[t*out+i] *= float64(in+2) * 0x1p-24
		}
	}
	return want, bound
}

func TestMulNT(t *testing.T) {
	// The numbers of tokens take every way there is, and two at once.
	sizes, tokens := [][2]int{{1, 4}, {3, 64}, {5, 68}, {17, 200}, {130, 132}}, []int{1, 3, 5, 17, 60, 135}
	if testing.Short() {
		sizes, tokens = [][2]int{{5, 68}, {101, 76}}, []int{1, 5, 135}
	}
	onLevels(t, func(t *testing.T) {
		r := newRand(1)
		for _, size := range sizes {
			for _, d := range dtypes {
				for _, zeros := range []float64{0, 0.5, 0.9, 1} {
					out, in := size[0], size[1]
					for _, n := range tokens {
						x := randomTensor(r, n, in)
						for name, m := range layouts(t, d, out, in, randomWeights(r, d, out, in, zeros, true)) {
							got := tensor.New(n, out)
							got.Fill(float32(math.NaN()))
							m.MulNTInto(got, x)
							want, bound := product(x, m.Dense())
							for i, v := range got.Data() {
								if !(math.Abs(float64(v)-want[i]) <= bound[i]) {
									t.Fatalf("%s %v [%d %d], %v zeros, %d tokens, element %d: got %v, want %v within %v",
										name, d, out, in, zeros, n, i, v, want[i], bound[i])
								}
							}
						}
					}
				}
			}
		}
	})
}

// TestWidened: the products are those of the float32 weights to the last bit, whatever the number of tokens.
func TestWidened(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(8)
		for _, d := range dtypes {
			const out, in = 70, 132
			for name, m := range layouts(t, d, out, in, randomWeights(r, d, out, in, 0.6, true)) {
				wide := packed.Widened(m)
				for _, n := range []int{0, 1, 2, 3, 13, 64} {
					x := randomTensor(r, n, in)
					want, got := tensor.New(n, out), tensor.New(n, out)
					tensor.MatMulNTInto(want, x, m.Dense())
					wide.MulNTInto(got, x)
					if !slices.Equal(got.Data(), want.Data()) {
						t.Errorf("%s, %v, %d tokens: other sums than those of the dense product", name, d, n)
					}
				}
			}
		}
	})
}

func TestThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	onLevels(t, func(t *testing.T) {
		r := newRand(2)
		const out, in = 300, 76
		for _, d := range dtypes {
			for _, n := range []int{1, 7, 65, 140} {
				x := randomTensor(r, n, in)
				for name, m := range layouts(t, d, out, in, randomWeights(r, d, out, in, 0.6, true)) {
					var first *tensor.Tensor
					for _, threads := range []int{1, 2, 5} {
						parallel.SetThreads(threads)
						got := tensor.New(n, out)
						m.MulNTInto(got, x)
						if first == nil {
							first = got
							continue
						}
						for i, v := range got.Data() {
							if math.Float32bits(v) != math.Float32bits(first.Data()[i]) {
								t.Fatalf("%s %v, %d tokens: element %d is %v with one thread, %v with %d", name, d, n, i, first.Data()[i], v, threads)
							}
						}
					}
				}
			}
		}
	})
}

// TestUnpack: the bytes come back, those of -0 and of NaNs too.
func TestUnpack(t *testing.T) {
	r := newRand(3)
	for _, d := range dtypes {
		for _, size := range [][2]int{{0, 8}, {3, 0}, {1, 4}, {4, 64}, {7, 132}} {
			for _, zeros := range []float64{0, 0.5, 1} {
				out, in := size[0], size[1]
				dense := randomWeights(r, d, out, in, zeros, true)
				for range min(out*in, 3) {
					// -0, or a NaN, in the place of a weight that is not zero
					at := r.IntN(out*in) * d.Size()
					if b := dense[at : at+d.Size()]; !bytes.Equal(b, make([]byte, d.Size())) {
						clear(b)
						b[d.Size()-1] = []byte{0x80, 0xff}[r.IntN(2)]
						if b[d.Size()-1] == 0xff {
							b[d.Size()-2] = 0xc1
							b[0] |= 1
						}
					}
				}
				for name, m := range layouts(t, d, out, in, dense) {
					if got := m.Unpack(); !bytes.Equal(got, dense) {
						t.Fatalf("%s %v [%d %d]: unpacked to other bytes", name, d, out, in)
					}
					if o, i := m.Shape(); o != out || i != in || m.DType() != d {
						t.Errorf("%s: shape [%d %d] %v, want [%d %d] %v", name, o, i, m.DType(), out, in, d)
					}
				}
			}
		}
	}
}

func TestShapes(t *testing.T) {
	m := packed.PackBitmask(tensor.F32, 2, 3, make([]byte, 24))
	for _, c := range []struct{ dst, x *tensor.Tensor }{
		{tensor.New(1, 2), tensor.New(1, 4)}, {tensor.New(1, 3), tensor.New(1, 3)}, {tensor.New(2, 2), tensor.New(1, 3)},
	} {
		func() {
			defer func() {
				if _, ok := recover().(*tensor.ShapeError); !ok {
					t.Errorf("dst %v, x %v: want a panic with a ShapeError", c.dst.Shape(), c.x.Shape())
				}
			}()
			m.MulNTInto(c.dst, c.x)
		}()
	}
}

func Example() {
	w := tensor.FromSlice([]float32{0, 2, 0, 0, 1, 0, 0, 3}, 2, 4)
	data := make([]byte, 2*8)
	if err := tensor.Encode(data, w.Data(), tensor.BF16); err != nil {
		panic(err)
	}
	m := packed.PackBitmask(tensor.BF16, 2, 4, data)
	y := tensor.New(1, 2)
	m.MulNTInto(y, tensor.FromSlice([]float32{1, 10, 100, 1000}, 1, 4))
	fmt.Println(y, len(m.Values()))
	// Output: [1 2]{20 3001} 6
}

// TestDecodingAllocatesNothing: a product with one token, whether or not the inputs need padding.
func TestDecodingAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops pooled buffers")
	}
	before := parallel.Threads()
	defer parallel.SetThreads(before)
	parallel.SetThreads(1)
	r := newRand(8)
	for _, in := range []int{128, 200} {
		x, y := randomTensor(r, 1, in), tensor.New(1, 96)
		for _, d := range dtypes {
			for name, m := range layouts(t, d, 96, in, randomWeights(r, d, 96, in, 0.5, true)) {
				if n := testing.AllocsPerRun(20, func() { m.MulNTInto(y, x) }); n > 0 {
					t.Errorf("%s %v, %d columns: %v allocations per product", name, d, in, n)
				}
			}
		}
	}
}
