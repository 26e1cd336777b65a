package generate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Reason says why a text ended.
type Reason string

const (
	EndOfText   Reason = "eos"         // the model said so
	StopString  Reason = "stop"        // a Stop string occurred
	TokenLimit  Reason = "length"      // MaxTokens is reached
	ContextFull Reason = "context"     // the model has no position for another token
	Interrupted Reason = "interrupted" // the context was cancelled
)

// Result is the continuation of one prompt.
type Result struct {
	// Tokens are the ids drawn, without an end-of-text token.
	Tokens []int
	// Text is what they stand for, up to a Stop string.
	Text string
	// Reason is empty for a prompt that was never begun.
	Reason Reason
}

// Stats counts what was done. Times are wall times; the first token of a text belongs to its prompt.
type Stats struct {
	PromptTokens, DecodeTokens   int
	PromptSeconds, DecodeSeconds float64
}

// PromptRate returns tokens per second, 0 when there were none.
func (s Stats) PromptRate() float64 { return rate(s.PromptTokens, s.PromptSeconds) }

// DecodeRate returns tokens per second over all texts decoded side by side, 0 when there were none.
func (s Stats) DecodeRate() float64 { return rate(s.DecodeTokens, s.DecodeSeconds) }

// Add counts what else was done.
func (s *Stats) Add(o Stats) {
	s.PromptTokens += o.PromptTokens
	s.PromptSeconds += o.PromptSeconds
	s.DecodeTokens += o.DecodeTokens
	s.DecodeSeconds += o.DecodeSeconds
}

func rate(n int, seconds float64) float64 {
	if n == 0 || seconds <= 0 {
		return 0
	}
	return float64(n) / seconds
}

// Run continues prompts, which are ids as the tokenizer encodes them, BOS included. All weights of the
// model must be loaded. When ctx is cancelled the error is ctx's, and the results are what there is so
// far.
func Run(ctx context.Context, m models.CausalLM, t Tokenizer, prompts [][]int, o Options) ([]Result, Stats, error) {
	g, err := newGenerator(m, t, o)
	if err != nil {
		return nil, Stats{}, err
	}
	for i, ids := range prompts {
		if err := g.check(ids, 0); err != nil {
			return nil, Stats{}, fmt.Errorf("prompt %d: %w", i+1, err)
		}
	}
	results := make([]Result, len(prompts))
	var active []*sequence
	for next := 0; next < len(prompts) || len(active) > 0; {
		for ; next < len(prompts) && len(active) < o.batch(); next++ {
			q := g.sequence(next)
			if err = g.begin(ctx, q, prompts[next]); err != nil {
				break
			}
			active = append(active, q)
		}
		if err == nil {
			err = g.step(ctx, active)
		}
		active = slices.DeleteFunc(active, func(q *sequence) bool {
			if q.result.Reason == "" && err != nil {
				q.end(Interrupted)
			}
			if q.result.Reason != "" {
				results[q.index] = q.result
			}
			return q.result.Reason != ""
		})
		if err != nil {
			return results, g.stats, err
		}
	}
	return results, g.stats, nil
}

// Session is one text that grows by turns: what somebody adds, and how the model goes on.
type Session struct {
	g *generator
	q *sequence
}

// NewSession starts an empty text.
func NewSession(m models.CausalLM, t Tokenizer, o Options) (*Session, error) {
	g, err := newGenerator(m, t, o)
	if err != nil {
		return nil, err
	}
	return &Session{g, g.sequence(0)}, nil
}

// Extend adds ids to the text and lets the model go on until one of the usual ends. The Stats are those
// of this turn.
func (s *Session) Extend(ctx context.Context, ids []int) (Result, Stats, error) {
	if err := s.g.check(ids, len(s.q.ids)); err != nil {
		return Result{}, Stats{}, err
	}
	s.g.stats, s.q.result = Stats{}, Result{}
	err := s.g.begin(ctx, s.q, ids)
	for err == nil && s.q.result.Reason == "" {
		err = s.g.step(ctx, []*sequence{s.q})
	}
	if err != nil && s.q.result.Reason == "" {
		s.q.end(Interrupted)
	}
	return s.q.result, s.g.stats, err
}

// Continue makes ids the text, and lets the model go on from there. What the text began with before is not computed
// again.
func (s *Session) Continue(ctx context.Context, ids []int) (Result, Stats, error) {
	same := 0
	for same < min(len(ids)-1, len(s.q.ids)) && ids[same] == s.q.ids[same] {
		same++
	}
	s.q.ids = s.q.ids[:same]
	s.q.cache.Truncate(min(same, s.q.cache.Len()))
	s.q.sampler.forget()
	s.q.sampler.saw(s.q.ids...)
	return s.Extend(ctx, ids[same:])
}

// Len returns the number of tokens of the text.
func (s *Session) Len() int { return len(s.q.ids) }

// generator is a model with what decoding takes.
type generator struct {
	model     models.CausalLM
	config    models.Config
	tokenizer Tokenizer
	o         Options
	stats     Stats

	next nn.Context // of a step: a token for each of the sequences that go on
	ids  [][]int
}

func newGenerator(m models.CausalLM, t Tokenizer, o Options) (*generator, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return &generator{model: m, config: m.Config(), tokenizer: t, o: o, next: nn.Context{Arena: autograd.NewArena()}}, nil
}

// check reports ids that the model cannot read behind so many others.
func (g *generator) check(ids []int, before int) error {
	if len(ids) == 0 {
		return errors.New("no tokens")
	}
	if n := before + len(ids); n > g.config.MaxPositions {
		return &ContextError{Tokens: n, Positions: g.config.MaxPositions}
	}
	for i, id := range ids {
		if id < 0 || id >= g.config.VocabSize {
			return fmt.Errorf("id %d of token %d is outside the vocabulary of %d", id, i, g.config.VocabSize)
		}
	}
	return nil
}

// ContextError reports a text that is too long for the model.
type ContextError struct{ Tokens, Positions int }

// Error gives both numbers.
func (e *ContextError) Error() string {
	return fmt.Sprintf("%d tokens, the model takes at most %d", e.Tokens, e.Positions)
}

// sequence is one text in the making.
type sequence struct {
	g       *generator
	index   int
	ids     []int // all of the text; the cache lacks the last one, as a rule
	cache   *nn.KVCache
	sampler *sampler
	stream  *stream
	result  Result
}

func (g *generator) sequence(i int) *sequence {
	return &sequence{g: g, index: i, cache: nn.NewKVCache(), sampler: newSampler(&g.o, uint64(i), g.config.VocabSize)}
}

// promptChunk is the number of tokens of a prompt that go through the model at a time: enough for the
// matrix kernels, few enough for their activations to stay small.
const promptChunk = 512

// begin feeds ids to a sequence, with what it has not been fed before, and draws the next token.
func (g *generator) begin(ctx context.Context, q *sequence, ids []int) (err error) {
	defer checkpoint.CatchFault(&err)() // weights may be used in their file
	start := time.Now()
	q.ids = append(q.ids, ids...)
	q.sampler.saw(ids...)
	q.stream = newStream(g.tokenizer, g.o.Stop, q.ids)
	q.cache.Expect(min(len(q.ids)+g.o.MaxTokens, g.config.MaxPositions))
	fed := q.cache.Len()
	var last *tensor.Tensor
	for lo := fed; lo < len(q.ids); lo += promptChunk {
		c := &nn.Context{Caches: []*nn.KVCache{q.cache}}
		h := g.model.Embed(c, [][]int{q.ids[lo:min(lo+promptChunk, len(q.ids))]})
		for _, l := range g.model.Layers() {
			if err := ctx.Err(); err != nil {
				q.cache.Truncate(lo)
				return err
			}
			h = l.Forward(c, h)
		}
		last = h.Value.Rows(h.Value.Dim(0)-1, h.Value.Dim(0))
	}
	// Only the last token's logits are of use.
	logits := g.model.Head(&nn.Context{SeqLen: 1}, autograd.Const(last)).Value
	g.stats.PromptTokens += len(q.ids) - fed
	g.stats.PromptSeconds += time.Since(start).Seconds()
	return q.draw(logits.Row(0))
}

// step feeds the last token of each sequence that goes on and draws the next.
func (g *generator) step(ctx context.Context, all []*sequence) (err error) {
	defer checkpoint.CatchFault(&err)()
	if err := ctx.Err(); err != nil {
		return err
	}
	start := time.Now()
	c := &g.next
	c.Caches, g.ids = c.Caches[:0], g.ids[:0]
	for _, q := range all {
		if q.result.Reason == "" {
			c.Caches, g.ids = append(c.Caches, q.cache), append(g.ids, q.ids[len(q.ids)-1:])
		}
	}
	if len(g.ids) == 0 {
		return nil
	}
	c.Arena.Reset()
	logits := models.Forward(c, g.model, g.ids).Value
	row := 0
	for _, q := range all {
		if q.result.Reason != "" {
			continue
		}
		if err := q.draw(logits.Row(row)); err != nil {
			return err
		}
		row++
	}
	g.stats.DecodeTokens += row
	g.stats.DecodeSeconds += time.Since(start).Seconds()
	return nil
}

// draw takes the next token of the sequence from its logits, and ends it where it has to.
func (q *sequence) draw(logits []float32) error {
	o := &q.g.o
	id, err := q.sampler.next(logits)
	if err != nil {
		return err
	}
	if slices.Contains(o.EOS, id) {
		q.end(EndOfText)
		return nil
	}
	q.ids = append(q.ids, id)
	q.sampler.saw(id)
	q.result.Tokens = append(q.result.Tokens, id)
	q.show(q.stream.add(id))
	switch {
	case q.stream.stopped:
		q.end(StopString)
	case len(q.result.Tokens) == o.MaxTokens:
		q.end(TokenLimit)
	case len(q.ids) > q.g.config.MaxPositions:
		q.end(ContextFull)
	}
	return nil
}

func (q *sequence) show(piece string) {
	if piece != "" && q.g.o.Text != nil {
		q.g.o.Text(q.index, piece)
	}
}

// end completes the result.
func (q *sequence) end(r Reason) {
	if q.stream != nil {
		q.show(q.stream.finish())
		q.result.Text = q.stream.text
	}
	q.result.Reason = r
	if q.g.o.Done != nil {
		q.g.o.Done(q.index, q.result)
	}
}
