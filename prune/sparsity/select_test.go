package sparsity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor/linalg"
)

// lowest returns the indices of the k lowest scores by stable sorting: the definition.
func lowest(score []float64, k int) map[int]bool {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return ordered(score[order[a]]) < ordered(score[order[b]]) })
	drop := map[int]bool{}
	for _, i := range order[:k] {
		drop[i] = true
	}
	return drop
}

// fillers make scores that are hard in one way or another.
var fillers = map[string]func(r *rand.Rand, i int) float64{
	"normal":     func(r *rand.Rand, _ int) float64 { return r.NormFloat64() },
	"few values": func(r *rand.Rand, _ int) float64 { return float64(r.IntN(4)) },
	"constant":   func(*rand.Rand, int) float64 { return 3 },
	"zeros":      func(r *rand.Rand, _ int) float64 { return math.Copysign(0, r.NormFloat64()) },
	"ascending":  func(_ *rand.Rand, i int) float64 { return float64(i) },
	"descending": func(_ *rand.Rand, i int) float64 { return -float64(i) },
	"sawtooth":   func(_ *rand.Rand, i int) float64 { return float64(i % 17) },
	"organ pipe": func(_ *rand.Rand, i int) float64 { return math.Abs(float64(i - 500)) },
	"wide":       func(r *rand.Rand, _ int) float64 { return math.Exp(300 * r.NormFloat64()) },
	"infinite": func(r *rand.Rand, _ int) float64 {
		return []float64{math.Inf(1), math.Inf(-1), 0, 1, -1, math.MaxFloat64, math.SmallestNonzeroFloat64}[r.IntN(7)]
	},
	"same bucket": func(r *rand.Rand, _ int) float64 { return 1 + 1e-9*float64(r.IntN(1000)) },
}

func TestSelectLayer(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, fill := range fillers {
		for _, shape := range [][2]int{{1, 1}, {1, 7}, {3, 5}, {10, 100}, {33, 70}, {200, 170}} {
			score := linalg.New(shape[0], shape[1])
			for i := range score.Data {
				score.Data[i] = fill(r, i)
			}
			before := score.Clone()
			for _, s := range []float64{0, 0.1, 0.5, 0.7, 0.99} {
				p := Unstructured(s)
				m := SelectLayer(score, p)
				want := lowest(score.Data, p.Count(len(score.Data)))
				for k := range score.Data {
					if m.Keep(k/shape[1], k%shape[1]) == want[k] {
						t.Fatalf("%s %v at %v: weight %d with score %v pruned is %v", name, shape, s, k, score.Data[k], !want[k])
					}
				}
			}
			if !slices.Equal(before.Data, score.Data) {
				t.Fatalf("%s: scores changed", name)
			}
		}
	}
}

func TestSelectRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, shape := range [][2]int{{1, 1}, {4, 7}, {37, 65}, {300, 64}, {7, 1000}} {
		for _, s := range []float64{0, 0.3, 0.5, 0.7, 0.9} {
			score := linalg.New(shape[0], shape[1])
			for i := range score.Data {
				score.Data[i] = float64(r.IntN(40))
			}
			p := Unstructured(s)
			m := SelectRows(score, p)
			for i := range shape[0] {
				k := p.Count((i+1)*shape[1]) - p.Count(i*shape[1])
				want := lowest(score.Row(i), k)
				for j := range shape[1] {
					if m.Keep(i, j) == want[j] {
						t.Fatalf("%v at %v: [%d %d] pruned is %v", shape, s, i, j, !want[j])
					}
				}
			}
			if got, want := m.Zeros(), p.Count(shape[0]*shape[1]); got != want {
				t.Errorf("%v at %v: %d zeros, want %d", shape, s, got, want)
			}
		}
	}
}

func TestSelectNM(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, p := range []Pattern{NM(1, 2), NM(2, 4), NM(3, 4), NM(4, 8), NM(5, 7), NM(40, 64), NM(50, 100), NM(99, 200)} {
		for _, shape := range [][2]int{{1, 1}, {3, 4}, {5, 10}, {9, 130}, {70, 257}} {
			score := linalg.New(shape[0], shape[1])
			for i := range score.Data {
				score.Data[i] = float64(r.IntN(9))
			}
			m := SelectNM(score, p)
			for i := range shape[0] {
				for j := 0; j < shape[1]; j += p.M {
					group := score.Row(i)[j:min(j+p.M, shape[1])]
					k := p.N
					if len(group) < p.M {
						k = len(group) * p.N / p.M
					}
					want := lowest(group, k)
					for q := range group {
						if m.Keep(i, j+q) == want[q] {
							t.Fatalf("%v %v: [%d %d] pruned is %v", p, shape, i, j+q, !want[q])
						}
					}
				}
			}
			if got, want := m.Zeros(), p.Zeros(shape[0], shape[1]); got != want {
				t.Errorf("%v %v: %d zeros, want %d", p, shape, got, want)
			}
			if !SelectLayer(score, p).Equal(m) || !SelectRows(score, p).Equal(m) {
				t.Errorf("%v %v: scope matters for an N:M pattern", p, shape)
			}
		}
	}
}

// TestSelectNaN: a caller that did not check gets NaN kept, not a hang or a wrong count.
func TestSelectNaN(t *testing.T) {
	for _, n := range []int{5, 100, 40000} {
		score := linalg.New(1, n)
		for i := range score.Data {
			score.Data[i] = float64(i % 7)
			if i%3 == 0 {
				score.Data[i] = math.NaN()
			}
		}
		m := SelectLayer(score, Unstructured(0.5))
		if got, want := m.Zeros(), n/2; got != want {
			t.Errorf("n = %d: %d zeros, want %d", n, got, want)
		}
		for i := range n {
			if i%3 == 0 && !m.Keep(0, i) {
				t.Fatalf("n = %d: NaN at %d is pruned", n, i)
			}
		}
	}
}

func TestSelectorBlock(t *testing.T) {
	score := linalg.FromSlice([]float64{3, 1, 2, 1, 1, 5}, 2, 3)
	m := NewMask(2, 10)
	var s Selector
	s.Block(m, 4, score, 2) // of three ones the first two in row-major order
	for i := range 2 {
		for j := range 10 {
			want := !(i == 0 && j == 5 || i == 1 && j == 4)
			if m.Keep(i, j) != want {
				t.Errorf("[%d %d] kept is %v, want %v", i, j, !want, want)
			}
		}
	}
	s.Block(m, 4, score, 0)
	if m.Zeros() != 0 {
		t.Errorf("count 0 leaves %d zeros", m.Zeros())
	}
}

// TestQuickselectHard feeds orders that make simple pivot choices quadratic.
func TestQuickselectHard(t *testing.T) {
	const n = 20000
	for name, at := range map[string]func(i int) float64{
		"ascending":  func(i int) float64 { return float64(i) },
		"organ pipe": func(i int) float64 { return float64(min(i, n-i)) },
		"killer": func(i int) float64 { // median of three picks the second lowest over and over
			if i%2 == 0 {
				return float64(i + 1)
			}
			return float64(n - i)
		},
	} {
		vals := make([]float64, n)
		for i := range vals {
			vals[i] = at(i)
		}
		sorted := slices.Sorted(slices.Values(vals))
		for _, k := range []int{0, 1, n / 3, n - 1} {
			if got := quickselect(slices.Clone(vals), k); got != sorted[k] {
				t.Errorf("%s: quickselect %d = %v, want %v", name, k, got, sorted[k])
			}
		}
	}
}

func TestSelectThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	r := rand.New(rand.NewPCG(9, 9))
	score := linalg.New(211, 190)
	for i := range score.Data {
		score.Data[i] = float64(r.IntN(1000))
	}
	var want []*Mask
	for _, threads := range []int{1, 2, 5} {
		parallel.SetThreads(threads)
		got := []*Mask{SelectLayer(score, Unstructured(0.6)), SelectRows(score, Unstructured(0.6)), SelectNM(score, NM(2, 4))}
		if want == nil {
			want = got
		}
		for i := range got {
			if !got[i].Equal(want[i]) {
				t.Errorf("selection %d differs between 1 and %d threads", i, threads)
			}
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{256, 1024, 2048} {
		score := linalg.New(n, n)
		for i := range score.Data {
			score.Data[i] = math.Abs(r.NormFloat64())
		}
		for name, f := range map[string]func(){
			"layer": func() { SelectLayer(score, Unstructured(0.7)) },
			"rows":  func() { SelectRows(score, Unstructured(0.7)) },
			"2:4":   func() { SelectNM(score, NM(2, 4)) },
		} {
			b.Run(fmt.Sprintf("%d×%d/%s", n, n, name), func(b *testing.B) {
				b.SetBytes(int64(8 * n * n))
				for b.Loop() {
					f()
				}
			})
		}
	}
}
