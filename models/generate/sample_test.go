package generate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sharesByHand are the probabilities of the tokens, written as the definitions have them: sorted,
// everything in float64.
func sharesByHand(logits []float32, o Options, occurred []int) []float64 {
	n := len(logits)
	z := make([]float64, n)
	for i, v := range logits {
		z[i] = float64(v)
	}
	for _, id := range occurred {
		if o.RepetitionPenalty == 0 {
			continue
		}
		if z[id] > 0 {
			z[id] /= o.RepetitionPenalty
		} else {
			z[id] *= o.RepetitionPenalty
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case z[a] > z[b]:
			return -1
		case z[a] < z[b]:
			return 1
		}
		return 0
	})
	if o.TopK > 0 {
		order = order[:min(n, o.TopK)]
	}
	p := make([]float64, n)
	normalise := func() {
		total := 0.0
		for _, id := range order {
			p[id] = math.Exp((z[id] - z[order[0]]) / o.Temperature)
			total += p[id]
		}
		for i := range p {
			if slices.Contains(order, i) {
				p[i] /= total
			} else {
				p[i] = 0
			}
		}
	}
	normalise()
	if o.TopP > 0 {
		sum := 0.0
		for i, id := range order {
			if sum += p[id]; sum >= o.TopP {
				order = order[:i+1]
				break
			}
		}
	}
	normalise()
	for i, id := range order {
		if p[id] < o.MinP*p[order[0]] {
			order = order[:i]
			break
		}
	}
	normalise()
	return p
}

// Draws have the distribution that the definitions give, and never leave its support.
func TestSampler(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n, draws = 40, 20_000
	logits := make([]float32, n)
	for i := range logits {
		logits[i] = float32(3 * rng.NormFloat64())
	}
	logits[7] = logits[9] // a tie
	occurred := []int{3, 5, 3}
	for _, o := range []Options{
		{Temperature: 1}, {Temperature: 0.5}, {Temperature: 3},
		{Temperature: 1, TopK: 5}, {Temperature: 2, TopK: n}, {Temperature: 2, TopK: 1000},
		{Temperature: 1, TopP: 0.8}, {Temperature: 2, TopP: 0.3}, {Temperature: 1, TopP: 0.999}, {Temperature: 1, TopP: 1},
		{Temperature: 1, MinP: 0.1}, {Temperature: 1, MinP: 1}, {Temperature: 2, TopK: 12, TopP: 0.7}, {Temperature: 2, TopP: 0.9, MinP: 0.2},
		{Temperature: 2, TopK: 20, TopP: 0.95, MinP: 0.05, RepetitionPenalty: 1.7},
		{Temperature: 1, RepetitionPenalty: 0.6}, {Temperature: 1, RepetitionPenalty: 1},
	} {
		want := sharesByHand(logits, o, occurred)
		s := newSampler(&o, 0, n)
		s.saw(occurred...)
		counts := make([]float64, n)
		for range draws {
			id, err := s.next(logits)
			if err != nil {
				t.Fatal(err)
			}
			counts[id]++
		}
		for id, p := range want {
			// Five standard deviations of a binomial.
			if bound := 5*math.Sqrt(p*(1-p)*draws) + 1e-9; math.Abs(counts[id]-p*draws) > bound {
				t.Errorf("%+v: token %d was drawn %v times of %d, want %.1f ± %.1f", o, id, counts[id], draws, p*draws, bound)
			}
		}
	}
}

func TestSamplerGreedy(t *testing.T) {
	logits := []float32{1, 4, -3, 4, 2}
	for want, o := range map[int]Options{
		1: {}, 3: {RepetitionPenalty: 1.5}, 4: {RepetitionPenalty: 100},
	} {
		s := newSampler(&o, 0, len(logits))
		s.saw(1)
		if want == 4 {
			s.saw(3)
		}
		if got, err := s.next(logits); err != nil || got != want {
			t.Errorf("%+v: got %d, %v, want %d", o, got, err, want)
		}
	}
	o := Options{Temperature: 1e-30} // nothing overflows
	if got, err := newSampler(&o, 0, 5).next(logits); err != nil || got != 1 && got != 3 {
		t.Errorf("a tiny temperature: got %d, %v, want one of the largest", got, err)
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		for i := range logits {
			broken := slices.Clone(logits)
			broken[i] = bad
			if got, err := newSampler(&Options{}, 0, 5).next(broken); err == nil {
				t.Errorf("%v at %d: drew %d, want an error", bad, i, got)
			}
		}
	}
}
