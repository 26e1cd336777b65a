package generate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/adagp/adagp/asm"
)

// sampler draws tokens for one sequence.
type sampler struct {
	o          *Options
	rng        *rand.Rand
	seen       []bool // by id: occurred in the sequence; nil without a penalty
	penalised  []int  // the ids that did
	scores     []float32
	candidates []candidate
}

// candidate is a token that may be drawn, with its score or its share of the probability.
type candidate struct {
	id int
	p  float32
}

// byProbability orders candidates, the likeliest first, equal ones by id.
func byProbability(a, b candidate) int {
	if a.p != b.p {
		return cmp.Compare(b.p, a.p)
	}
	return cmp.Compare(a.id, b.id)
}

func newSampler(o *Options, stream uint64, vocab int) *sampler {
	s := &sampler{o: o, rng: rand.New(rand.NewPCG(o.Seed, stream)), scores: make([]float32, vocab)}
	if o.RepetitionPenalty != 0 && o.RepetitionPenalty != 1 {
		s.seen = make([]bool, vocab)
	}
	return s
}

// saw notes that tokens are part of the sequence.
func (s *sampler) saw(ids ...int) {
	if s.seen == nil {
		return
	}
	for _, id := range ids {
		if !s.seen[id] {
			s.seen[id] = true
			s.penalised = append(s.penalised, id)
		}
	}
}

// forget takes back what saw has noted.
func (s *sampler) forget() {
	clear(s.seen)
	s.penalised = s.penalised[:0]
}

// next draws a token for the logits [vocab]. The order of operations is that of Hugging Face's
// library: penalty, temperature, top-k, top-p, min-p.
func (s *sampler) next(logits []float32) (int, error) {
	scores := s.scores
	copy(scores, logits)
	for _, id := range s.penalised {
		if scores[id] > 0 {
			scores[id] /= float32(s.o.RepetitionPenalty)
		} else {
			scores[id] *= float32(s.o.RepetitionPenalty)
		}
	}
	best := argmax(scores)
	top := scores[best]
	if top-top != 0 {
		return 0, fmt.Errorf("the model gives %v for token %d", top, best)
	}
	if s.o.Temperature == 0 || s.o.TopK == 1 {
		return best, nil
	}
	// Relative to the largest, so that no temperature makes them overflow.
	for i, v := range scores {
		scores[i] = float32(float64(v-top) / s.o.Temperature)
	}
	k, nucleus := s.o.TopK, s.o.TopP > 0 && s.o.TopP < 1
	s.candidates = s.candidates[:0]
	switch {
	case k > 0 && k < len(scores):
		s.takeTop(k)
	case nucleus || s.o.MinP > 0:
		s.takeLikely(nucleus)
	default:
		asm.Exp(scores, scores)
		return s.drawAny(), nil
	}
	if nucleus {
		s.cutNucleus()
	}
	if least := float32(s.o.MinP); least > 0 {
		// The largest share is 1, and in the nucleus.
		s.candidates = slices.DeleteFunc(s.candidates, func(c candidate) bool { return c.p < least })
	}
	return s.draw(), nil
}

// takeTop makes candidates of the k largest scores.
func (s *sampler) takeTop(k int) {
	// A heap of the best so far, the worst of them on top.
	heap := s.candidates
	sink := func(i int) {
		for {
			worst := i
			for _, child := range []int{2*i + 1, 2*i + 2} {
				if child < len(heap) && byProbability(heap[child], heap[worst]) > 0 {
					worst = child
				}
			}
			if worst == i {
				return
			}
			heap[i], heap[worst] = heap[worst], heap[i]
			i = worst
		}
	}
	for id, v := range s.scores {
		if len(heap) < k {
			heap = append(heap, candidate{id, v})
			if len(heap) == k {
				for i := k/2 - 1; i >= 0; i-- {
					sink(i)
				}
			}
		} else if v > heap[0].p { // equal ones have the larger id
			heap[0] = candidate{id, v}
			sink(0)
		}
	}
	slices.SortFunc(heap, byProbability)
	for i := range heap {
		s.scores[i] = heap[i].p
	}
	asm.Exp(s.scores[:k], s.scores[:k])
	for i := range heap {
		heap[i].p = s.scores[i]
	}
	s.candidates = heap
}

// takeLikely makes candidates of the scores that a later cut may keep: without the sorting of all of a
// large vocabulary.
func (s *sampler) takeLikely(nucleus bool) {
	asm.Exp(s.scores, s.scores)
	least := float32(s.o.MinP)
	if nucleus {
		// All tokens below this share have less than what the nucleus leaves out together.
		least = float32((1 - s.o.TopP) * asm.Sum(s.scores) / float64(len(s.scores)))
	}
	for id, p := range s.scores {
		if p >= least {
			s.candidates = append(s.candidates, candidate{id, p})
		}
	}
}

// cutNucleus keeps the fewest likeliest candidates that have the share TopP together. Top-k, if there
// is one, has left those k to share the probability; otherwise all tokens do.
func (s *sampler) cutNucleus() {
	slices.SortFunc(s.candidates, byProbability)
	total := 0.0
	if k := s.o.TopK; k > 0 && k < len(s.scores) {
		for _, c := range s.candidates {
			total += float64(c.p)
		}
	} else {
		total = asm.Sum(s.scores)
	}
	sum := 0.0
	for i, c := range s.candidates {
		if sum += float64(c.p); sum >= s.o.TopP*total {
			s.candidates = s.candidates[:i+1]
			return
		}
	}
}

// draw returns a candidate by its share.
func (s *sampler) draw() int {
	total := 0.0
	for _, c := range s.candidates {
		total += float64(c.p)
	}
	u := s.rng.Float64() * total
	for _, c := range s.candidates {
		if u -= float64(c.p); u < 0 {
			return c.id
		}
	}
	return s.candidates[0].id // rounding has left a rest
}

// drawAny is draw from all scores, which are shares by now.
func (s *sampler) drawAny() int {
	u := s.rng.Float64() * asm.Sum(s.scores)
	for id, p := range s.scores {
		if u -= float64(p); u < 0 {
			return id
		}
	}
	return argmax(s.scores)
}

// argmax returns the index of the first of the largest values, or of a NaN.
func argmax(x []float32) int {
	best, top := 0, x[0]
	for i, v := range x {
		if v > top {
			best, top = i, v
		} else if v != v {
			return i
		}
	}
	return best
}
