package prune

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// distributionOf counts scores given as a matrix [rows, cols].
func distributionOf(scores []float64, rows int) *Distribution {
	c, cols := NewCounter(), len(scores)/rows
	c.Add(rows, cols, func(dst []float64, i int) { copy(dst, scores[i*cols:]) })
	return c.Distribution()
}

// Shares agree with sorting to the share of the scores within one bin of the threshold.
func TestDistribution(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"normal squared": func() float64 { v := r.NormFloat64(); return v * v * 1e-9 },
		"many scales":    func() float64 { return math.Exp(40 * r.NormFloat64()) },
		"extreme":        func() float64 { return []float64{0, 5e-324, 1e-310, 1, math.MaxFloat64}[r.IntN(5)] },
		"constant":       func() float64 { return 0.3 },
		"zero":           func() float64 { return 0 },
	} {
		scores := make([]float64, 30*100)
		for k := range scores {
			scores[k] = draw()
		}
		d := distributionOf(scores, 30)
		if d.Len() != int64(len(scores)) {
			t.Fatalf("%s: %d scores counted, want %d", name, d.Len(), len(scores))
		}
		sorted := slices.Sorted(slices.Values(scores))
		for _, k := range []int{0, 1, 17, 1500, 2700, 2999} {
			u := Position(sorted[k])
			lowest := float64(sort.SearchFloat64s(sorted, sorted[k]*(1-1.0/256))) / 3000
			highest := float64(sort.Search(3000, func(i int) bool { return sorted[i] > sorted[k]*(1+1.0/256) })) / 3000
			if s := d.Share(u); s < lowest || s > highest {
				t.Errorf("%s: share %v below %g, want %v to %v", name, s, sorted[k], lowest, highest)
			}
		}
		for _, k := range []int{1, 2, 18, 1500, 3000} {
			first, end, below := d.Around(int64(k))
			if v := sorted[k-1]; v < first || v >= end || int(below) != sort.SearchFloat64s(sorted, first) || int(below) >= k {
				t.Errorf("%s: score %d, %g, is not in [%g, %g), or not behind %d others", name, k, v, first, end, below)
			}
		}
		if a, b := d.Share(0), d.Share(MaxPosition); a != 0 || b != 1 {
			t.Errorf("%s: shares %v and %v at the ends, want 0 and 1", name, a, b)
		}
		last := 0.0
		for u := 0.0; u < MaxPosition; u += 997.3 {
			if s := d.Share(u); s < last {
				t.Errorf("%s: share falls from %v to %v at %v", name, last, s, u)
			} else {
				last = s
			}
		}
	}
	if (&Counter{counts: make([]int64, binCount)}).Distribution().Share(1) != 0 {
		t.Error("nothing has a share")
	}
	if b := binOf(math.Inf(1)); b != binCount-1 {
		t.Errorf("bin %d of infinity, want the last", b)
	}
}

func TestCommonThreshold(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var all []*Distribution
	for k, n := range []int{100, 1000, 5000, 300} {
		scores := make([]float64, n)
		for i := range scores {
			v := r.NormFloat64()
			scores[i] = v * v * math.Exp(float64(k)*0.7)
		}
		if k == 3 {
			clear(scores) // a matrix that does not matter at all
		}
		all = append(all, distributionOf(scores, n/100))
	}
	for _, s := range []float64{0, 0.01, 0.3, 0.5, 0.9, 0.95, 0.999} {
		for _, spread := range []float64{0, 0.1, 1} {
			shares := commonThreshold(all, s, spread)
			sum, size := 0.0, 0.0
			for k, v := range shares {
				sum += v * float64(all[k].Len())
				size += float64(all[k].Len())
				if v < max(0, s-spread) || v > s+spread+1e-15 || v > max(s, maxShare) {
					t.Errorf("sparsity %v, spread %v: share %v", s, spread, v)
				}
			}
			if math.Abs(sum/size-s) > 1e-9 {
				t.Errorf("sparsity %v, spread %v: shares %v, %v over all", s, spread, shares, sum/size)
			}
			if s == 0.5 && spread == 1 && !(shares[0] > shares[1] && shares[1] > shares[2] && shares[3] == maxShare) {
				t.Errorf("shares %v do not fall with the scores", shares)
			}
		}
	}
}

func TestOWL(t *testing.T) {
	var want struct {
		Ratios     []float64 `json:"outlier_ratio"`
		Sparsity   float64   `json:"sparsity"`
		Lambda     float64   `json:"lambda"`
		Sparsities []float64 `json:"block_sparsity"`
	}
	golden.JSON(t, golden.Path("prune/owl.json"), &want)
	if want.Lambda != owlSpread {
		t.Fatalf("recorded for λ = %v", want.Lambda)
	}
	for k, s := range owlSparsities(want.Ratios, []float64{2, 2, 2, 2, 2}, want.Sparsity) {
		if math.Abs(s-want.Sparsities[k]) > 1e-12 {
			t.Errorf("layer %d: sparsity %v, want %v", k, s, want.Sparsities[k])
		}
	}
	for _, tc := range []struct{ ratios, sizes, want []float64 }{
		{[]float64{3, 3, 3}, []float64{1, 1, 1}, []float64{0.02, 0.02, 0.02}},
		{[]float64{3}, []float64{1}, []float64{0.02}},
		{[]float64{0, 1}, []float64{1, 1}, []float64{0.04, 0}},
		{[]float64{0, 1}, []float64{1, 3}, []float64{0.08, 0}},
		{[]float64{0, 1, 1}, []float64{1, 3, 4}, []float64{0.16, 0, 0}},
	} {
		for k, s := range owlSparsities(tc.ratios, tc.sizes, 0.02) {
			if math.Abs(s-tc.want[k]) > 1e-9 {
				t.Errorf("ratios %v of sizes %v: sparsity %v of layer %d, want %v", tc.ratios, tc.sizes, s, k, tc.want[k])
			}
		}
	}
}
