package eval_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
)

// load opens a model with its weights and its tokenizer (nil if it has none).
func load(t testing.TB, path string) (*models.Model, data.Tokenizer) {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Open(m.FS)
	if err != nil && !errors.Is(err, tokenizer.ErrNoTokenizer) {
		t.Fatal(err)
	}
	return m, tok
}

// perplexityOneByOne is the definition written down: one window at a time, one position at a time,
// softmax by exponentials, no batch, no shared code.
func perplexityOneByOne(m models.CausalLM, windows [][]int) float64 {
	sum := 0.0
	for _, ids := range windows {
		logits := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
		loss := 0.0
		for t := 0; t+1 < len(ids); t++ {
			total := 0.0
			for _, x := range logits.Row(t) {
				total += math.Exp(float64(x))
			}
			loss -= math.Log(math.Exp(float64(logits.Row(t)[ids[t+1]])) / total)
		}
		sum += loss / float64(len(ids)-1)
	}
	return math.Exp(sum / float64(len(windows)))
}

// Kernels may round differently for other batch shapes; the loss is a mean over thousands of
// positions, each right to about 1e-6.
const batchTolerance = 1e-6

func relative(got, want float64) float64 { return math.Abs(got-want) / math.Abs(want) }

func TestPerplexityEqualsDefinition(t *testing.T) {
	for _, name := range []string{"demo:llama", "demo:opt"} {
		t.Run(name, func(t *testing.T) {
			m, tok := load(t, name)
			windows, _, err := data.EvalWindows(tok, data.DefaultEvaluation(), 64, 9)
			if err != nil {
				t.Fatal(err)
			}
			want := perplexityOneByOne(m, windows)
			for _, batch := range []int{0, 1, 4, 100} {
				var seen []int
				r, err := eval.Perplexity(context.Background(), m, windows, eval.Options{Batch: batch, Progress: func(done, total int) {
					if total != len(windows) {
						t.Errorf("progress total %d, want %d", total, len(windows))
					}
					seen = append(seen, done)
				}})
				if err != nil {
					t.Fatal(err)
				}
				if d := relative(r.Perplexity, want); d > batchTolerance || math.IsNaN(d) {
					t.Errorf("batch %d: perplexity %.9g, want %.9g (relative difference %.2g, allowed %g)", batch, r.Perplexity, want, d, batchTolerance)
				}
				if r.Windows != 9 || r.SeqLen != 64 || r.Tokens != 9*64 || relative(math.Exp(r.NLL), r.Perplexity) > 1e-15 || r.Seconds <= 0 {
					t.Errorf("batch %d: result %+v", batch, r)
				}
				if len(seen) == 0 || seen[len(seen)-1] != len(windows) {
					t.Errorf("batch %d: progress %v does not end at %d", batch, seen, len(windows))
				}
			}
		})
	}
}

// Windows of several lengths, as a file of input_ids may hold them, count equally.
func TestPerplexityOfUnequalWindows(t *testing.T) {
	m, tok := load(t, "demo:llama")
	ids := tok.Encode(data.DefaultEvaluation().Text)
	windows := [][]int{ids[:10], ids[10:20], ids[20:22], ids[22:50], ids[50:60]}
	r, err := eval.Perplexity(context.Background(), m, windows, eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := perplexityOneByOne(m, windows); relative(r.Perplexity, want) > batchTolerance || r.SeqLen != 28 || r.Tokens != 60 {
		t.Errorf("got %+v, want perplexity %.9g, length 28, 60 tokens", r, want)
	}
}

func TestPerplexityRefuses(t *testing.T) {
	m, _ := load(t, "demo:llama")
	c := m.Config()
	good := make([]int, 16)
	for _, k := range []struct {
		name    string
		windows [][]int
		window  int // in the *WindowError; -1: another error
		says    string
	}{
		{"none", nil, -1, "no evaluation windows"},
		{"one token", [][]int{good, {1}}, 1, "1 tokens, want at least 2"},
		{"too long", [][]int{make([]int, c.MaxPositions+1)}, 0, "257 tokens, the model has 256 positions"},
		{"id too large", [][]int{good, good, {1, 2, c.VocabSize}}, 2, "token id 1024 at position 2 is outside the model's vocabulary of 1024"},
		{"id negative", [][]int{{1, -1}}, 0, "token id -1"},
	} {
		_, err := eval.Perplexity(context.Background(), m, k.windows, eval.Options{})
		var bad *eval.WindowError
		if err == nil || !strings.Contains(err.Error(), k.says) || errors.As(err, &bad) != (k.window >= 0) || bad != nil && bad.Window != k.window {
			t.Errorf("%s: got %v, want window %d and %q", k.name, err, k.window, k.says)
		}
	}
}

// A NaN or an infinity in the logits is an error that names the window, not a number.
func TestPerplexityOfBrokenModel(t *testing.T) {
	for _, broken := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		m, _ := load(t, "demo:llama")
		var embedding *nn.Param
		m.EmbedWalk(func(p *nn.Param) { embedding = p })
		embedding.Value().Row(7)[0] = broken
		windows := [][]int{{1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {1, 7, 3}}
		for _, batch := range []int{1, 3, 8} {
			_, err := eval.Perplexity(context.Background(), m, windows, eval.Options{Batch: batch})
			var bad *eval.WindowError
			if !errors.As(err, &bad) || bad.Window != 3 || !strings.Contains(err.Error(), "NaN or infinite") {
				t.Errorf("%v, batch %d: got %v, want window 3", broken, batch, err)
			}
		}
	}
}

func TestPerplexityStops(t *testing.T) {
	m, tok := load(t, "demo:opt")
	windows, _, err := data.EvalWindows(tok, data.DefaultEvaluation(), 32, 20)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	_, err = eval.Perplexity(ctx, m, windows, eval.Options{Batch: 2, Progress: func(int, int) {
		calls++
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("got %v after %d passes, want context.Canceled after 1", err, calls)
	}
}
