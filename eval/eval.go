// Package eval measures language models: perplexity on token windows, by the convention of the SparseGPT
// scripts that pruning papers share; accuracy on multiple-choice questions, by that of
// lm-evaluation-harness; and how sure a difference between two models is.
package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Options of Perplexity; the zero value is good.
type Options struct {
	// Batch is the largest number of windows in one forward pass; 0 chooses about 2048 tokens. It
	// changes memory and speed only: the kernels' rounding aside (a relative 1e-6), the result
	// does not depend on it.
	Batch int
	// Progress, if not nil, is called after each pass with the number of windows measured so far.
	Progress func(done, total int)
}

// Result of Perplexity.
type Result struct {
	Perplexity float64   // exp(NLL)
	NLL        float64   // nats per predicted token, mean over windows of the window's mean
	Windows    int       // windows measured
	SeqLen     int       // tokens in each; of the longest when they differ
	Tokens     int       // tokens in all windows
	Seconds    float64   // wall time
	Losses     []float64 // of each window, in nats per predicted token
}

// Perplexity measures m on windows of token ids.
//
// A window is run by itself from position 0 and its loss is the mean negative log-likelihood of its
// L-1 predictions,
//
//	loss(w) = -1/(L-1) Σ_{t=1}^{L-1} log p(w_t | w_0 … w_{t-1}),
//
// the result is exp of the mean of the losses over the windows. Log-probabilities are computed in
// float64 from the float32 logits. All weights must be loaded.
//
// Windows must have at least 2 ids, no more than the model's positions, and ids within its
// vocabulary, else the error is a *WindowError, as it is when the model gives NaN or infinite
// logits. The context is looked at between decoder layers; when it ends, so does Perplexity, with
// its error.
func Perplexity(ctx context.Context, m models.CausalLM, windows [][]int, o Options) (Result, error) {
	start := time.Now()
	r := Result{Windows: len(windows)}
	if err := checkWindows(m.Config(), windows); err != nil {
		return r, err
	}
	total := 0.0
	for lo := 0; lo < len(windows); {
		hi := lo + batchEnd(windows[lo:], o.Batch)
		losses, err := batchLosses(ctx, m, windows[lo:hi])
		if err != nil {
			var bad *WindowError
			if errors.As(err, &bad) {
				bad.Window += lo
			}
			return r, err
		}
		for i, loss := range losses {
			total += loss
			r.Losses = append(r.Losses, loss)
			r.Tokens += len(windows[lo+i])
			r.SeqLen = max(r.SeqLen, len(windows[lo+i]))
		}
		lo = hi
		if o.Progress != nil {
			o.Progress(lo, len(windows))
		}
	}
	r.NLL = total / float64(len(windows))
	r.Perplexity = math.Exp(r.NLL)
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// WindowError reports a window that cannot be measured.
type WindowError struct {
	Window int // index into the windows
	Msg    string
}

func (e *WindowError) Error() string { return fmt.Sprintf("evaluation window %d: %s", e.Window, e.Msg) }

// checkWindows checks everything about the windows that the model would panic on.
func checkWindows(c models.Config, windows [][]int) error {
	if len(windows) == 0 {
		return errors.New("no evaluation windows")
	}
	for i, ids := range windows {
		switch {
		case len(ids) < 2:
			return &WindowError{Window: i, Msg: fmt.Sprintf("%d tokens, want at least 2", len(ids))}
		case c.MaxPositions > 0 && len(ids) > c.MaxPositions:
			return &WindowError{Window: i, Msg: fmt.Sprintf("%d tokens, the model has %d positions", len(ids), c.MaxPositions)}
		}
		for p, id := range ids {
			if id < 0 || id >= c.VocabSize {
				return &WindowError{Window: i, Msg: fmt.Sprintf("token id %d at position %d is outside the model's vocabulary of %d", id, p, c.VocabSize)}
			}
		}
	}
	return nil
}

// batchTokens is the size of a pass when Options.Batch is 0: large enough for full speed, small
// enough that the activations of a large model stay a fraction of its weights.
const batchTokens = 2048

// batchEnd returns how many of the first windows go into one pass: at most limit, all of one length.
func batchEnd(windows [][]int, limit int) int {
	if limit < 1 {
		limit = max(1, batchTokens/len(windows[0]))
	}
	n := 1
	for n < len(windows) && n < limit && len(windows[n]) == len(windows[0]) {
		n++
	}
	return n
}

// batchLosses runs windows of one length through the model and returns the loss of each.
func batchLosses(ctx context.Context, m models.CausalLM, windows [][]int) ([]float64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &nn.Context{}
	h := m.Embed(c, windows)
	for _, layer := range m.Layers() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h = layer.Forward(c, h)
	}
	nll, err := tokenNLL(ctx, m, c, h, windows)
	if err != nil {
		return nil, err
	}
	losses := make([]float64, len(windows))
	predictions := len(windows[0]) - 1
	for w := range losses {
		sum := 0.0
		for _, v := range nll[w*predictions : (w+1)*predictions] {
			sum += v
		}
		losses[w] = sum / float64(predictions)
	}
	return losses, nil
}

// logitsBudget bounds the logits that exist at one time, in numbers: a window of 2048 tokens over
// a vocabulary of 128,000 would otherwise take a gigabyte.
const logitsBudget = 1 << 24

// tokenNLL applies the head to the hidden states h [windows · L, hidden] of the last layer and
// returns the negative log-likelihood of tokens 1 … L-1 of every window, window after window. The
// head works on rows independently, so it is given as many at a time as the budget allows.
func tokenNLL(ctx context.Context, m models.CausalLM, c *nn.Context, h *autograd.Var, windows [][]int) ([]float64, error) {
	length := len(windows[0])
	step := max(1, logitsBudget/max(1, m.Config().VocabSize))
	nll := make([]float64, len(windows)*(length-1))
	for w, ids := range windows {
		for lo := 0; lo < length-1; lo += step {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			hi := min(lo+step, length-1)
			rows := h.Value.Rows(w*length+lo, w*length+hi)
			rc := *c
			rc.SeqLen = hi - lo
			logits := m.Head(&rc, autograd.Const(rows)).Value
			at := w * (length - 1)
			if bad := rowsNLL(nll[at+lo:at+hi], logits, ids[lo+1:hi+1]); bad >= 0 {
				return nil, &WindowError{Window: w, Msg: fmt.Sprintf("the model gives NaN or infinite logits at position %d", lo+bad)}
			}
		}
	}
	return nll, nil
}
