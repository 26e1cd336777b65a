package eval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// TaskOptions of ZeroShot; the zero value is good.
type TaskOptions struct {
	NoBOS    bool                  // leave out the BOS that the tokenizer puts in front, as the harness did in 2023
	Tokens   int                   // in one forward pass, padding included; 0 chooses 2048
	Progress func(done, total int) // called after each pass with the number of sequences run so far
}

// TaskResult is a model's accuracy on one task.
type TaskResult struct {
	N             int
	Acc, AccNorm  float64 // shares of right answers, by likelihood and by likelihood per code point
	StdErr        float64 // of Acc: √(p(1-p)/(n-1))
	StdErrNorm    float64 // of AccNorm
	Right         []bool  // question by question
	RightNorm     []bool
	LogLikelihood [][]float64 // of each choice's continuation, in nats
	Seconds       float64
}

// ZeroShot scores every choice of every question by the log-likelihood of its continuation given its
// context, as lm-evaluation-harness does:
//
//	whole = tok(context + continuation), c = tok(context)
//	log p(choice) = Σ log-softmax at whole[len(c):], input the last positions of whole that the model has
//
// Blanks at the end of a context move to the continuation; an empty context becomes the BOS. Of a
// continuation longer than the model's context, where the harness gives up, the last tokens count. The
// answer is the likeliest choice, the first of equals.
//
// Sequences run in order of length, several at a time with padding behind them, which causal attention
// never sees; one that is the beginning of another of the same question runs as part of it. All weights
// must be loaded.
func ZeroShot(ctx context.Context, m models.CausalLM, tok data.Tokenizer, questions []Question, o TaskOptions) (TaskResult, error) {
	start := time.Now()
	r := TaskResult{N: len(questions)}
	if r.N < 2 {
		return r, fmt.Errorf("number of questions is %d, want at least 2: the standard error divides by n-1", r.N)
	}
	seqs, err := sequences(m.Config(), tok, questions, o.NoBOS)
	if err != nil {
		return r, err
	}
	r.LogLikelihood = make([][]float64, len(questions))
	for i, q := range questions {
		r.LogLikelihood[i] = make([]float64, len(q.Choices))
	}
	// Longest first: if the memory does not suffice it shows at once.
	slices.SortStableFunc(seqs, func(a, b *sequence) int { return cmp.Compare(len(b.ids), len(a.ids)) })
	budget := cmp.Or(o.Tokens, batchTokens)
	for lo := 0; lo < len(seqs); {
		hi := min(lo+max(1, budget/len(seqs[lo].ids)), len(seqs))
		if err := score(ctx, m, seqs[lo:hi], r.LogLikelihood); err != nil {
			return r, err
		}
		lo = hi
		if o.Progress != nil {
			o.Progress(lo, len(seqs))
		}
	}
	r.judge(questions)
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// judge turns likelihoods into accuracies.
func (r *TaskResult) judge(questions []Question) {
	for i, q := range questions {
		ll := r.LogLikelihood[i]
		perRune := make([]float64, len(ll))
		for k, v := range ll {
			perRune[k] = v / float64(q.Choices[k].Length)
		}
		r.Right = append(r.Right, argMax(ll) == q.Gold)
		r.RightNorm = append(r.RightNorm, argMax(perRune) == q.Gold)
	}
	r.Acc, r.StdErr = share(r.Right)
	r.AccNorm, r.StdErrNorm = share(r.RightNorm)
}

// argMax returns the index of the largest value, the first of equals.
func argMax(v []float64) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// share returns the share of true values and its standard error.
func share(right []bool) (p, stdErr float64) {
	n := 0
	for _, ok := range right {
		if ok {
			n++
		}
	}
	p = float64(n) / float64(len(right))
	return p, math.Sqrt(p * (1 - p) / float64(len(right)-1))
}

// sequence is a run of ids through the model and what is read off it.
type sequence struct {
	ids     []int
	readers []reader
}

// reader is a choice whose continuation is predicted at rows first, first+1, … of a sequence.
type reader struct {
	question, choice int
	first            int
	targets          []int
}

// sequences turns questions into what has to run.
func sequences(c models.Config, tok data.Tokenizer, questions []Question, noBOS bool) ([]*sequence, error) {
	var all []*sequence
	for i, q := range questions {
		var own []*sequence
		for k, choice := range q.Choices {
			ids, targets, err := encodeChoice(c, tok, choice, noBOS)
			if err != nil {
				return nil, fmt.Errorf("question %d, choice %d: %w", i, k, err)
			}
			own = append(own, &sequence{ids, []reader{{i, k, len(ids) - len(targets), targets}}})
		}
		slices.SortStableFunc(own, func(a, b *sequence) int { return cmp.Compare(len(b.ids), len(a.ids)) })
		first := len(all)
	next:
		for _, s := range own {
			for _, longer := range all[first:] {
				if slices.Equal(longer.ids[:len(s.ids)], s.ids) {
					longer.readers = append(longer.readers, s.readers...)
					continue next
				}
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// encodeChoice returns the model's input for a choice and the ids that its last rows are to predict.
func encodeChoice(c models.Config, tok data.Tokenizer, choice Choice, noBOS bool) (input, targets []int, err error) {
	bos, hasBOS := tok.BOS()
	encode := func(s string) []int {
		if ids := tok.Encode(s); noBOS || !hasBOS {
			return ids
		} else {
			return append([]int{bos}, ids...)
		}
	}
	context := strings.TrimRightFunc(choice.Context, blank)
	continuation := choice.Context[len(context):] + choice.Continuation
	var whole []int
	split := 1
	if context == "" {
		if !hasBOS {
			return nil, nil, fmt.Errorf("the context is empty, and the tokenizer has no BOS to stand for it")
		}
		whole = append([]int{bos}, tok.Encode(continuation)...)
	} else {
		whole, split = encode(context+continuation), len(encode(context))
	}
	if split >= len(whole) || split < 1 {
		return nil, nil, fmt.Errorf("the tokens of %q leave none for the answer %q", context, continuation)
	}
	targets = whole[split:]
	if most := c.MaxPositions; most > 0 {
		whole = whole[max(0, len(whole)-most-1):]
		targets = targets[max(0, len(targets)-most):]
	}
	for _, id := range whole {
		if id < 0 || id >= c.VocabSize {
			return nil, nil, fmt.Errorf("token id %d is outside the model's vocabulary of %d", id, c.VocabSize)
		}
	}
	return whole[:len(whole)-1], targets, nil
}

// score runs some sequences, the longest first, and adds up what their readers see.
func score(ctx context.Context, m models.CausalLM, seqs []*sequence, ll [][]float64) error {
	length := len(seqs[0].ids)
	ids := make([][]int, len(seqs))
	for b, s := range seqs {
		ids[b] = append(slices.Clone(s.ids), make([]int, length-len(s.ids))...)
	}
	c := &nn.Context{}
	h := m.Embed(c, ids)
	for _, layer := range m.Layers() {
		if err := ctx.Err(); err != nil {
			return err
		}
		h = layer.Forward(c, h)
	}
	// The head is much of the work of a small model: it is given only the rows that somebody reads.
	var rows, targets []int
	var owner []reader
	for b, s := range seqs {
		for _, r := range s.readers {
			for j, id := range r.targets {
				rows, targets, owner = append(rows, b*length+r.first+j), append(targets, id), append(owner, r)
			}
		}
	}
	step := max(1, logitsBudget/max(1, m.Config().VocabSize))
	nll := make([]float64, step)
	for lo := 0; lo < len(rows); lo += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		hi := min(lo+step, len(rows))
		part := tensor.New(hi-lo, h.Value.Dim(1))
		for i, row := range rows[lo:hi] {
			copy(part.Row(i), h.Value.Row(row))
		}
		logits := m.Head(&nn.Context{SeqLen: hi - lo}, autograd.Const(part)).Value
		if bad := rowsNLL(nll[:hi-lo], logits, targets[lo:hi]); bad >= 0 {
			return fmt.Errorf("question %d: the model gives NaN or infinite logits", owner[lo+bad].question)
		}
		for i, r := range owner[lo:hi] {
			ll[r.question][r.choice] -= nll[i]
		}
	}
	return nil
}
