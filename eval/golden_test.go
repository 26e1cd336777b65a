package eval_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// allowed is the agreement asked for between recorded perplexities and ours; what is seen is about
// 1e-6, float32 rounding.
const allowed = 5e-4

// entry is a recorded perplexity, for a text cut after so many tokens.
type entry struct {
	Perplexity float64 `json:"ppl"`
	Windows    int     `json:"windows"`
	Context    int     `json:"context"`
	Tokens     int     `json:"tokens_in_text"`
	FirstIDs   []int   `json:"first_ids"`
}

func recordedPerplexities(t testing.TB, path string) map[string]entry {
	t.Helper()
	var g struct {
		Perplexity map[string]entry `json:"perplexity"`
	}
	golden.JSON(t, path, &g)
	if len(g.Perplexity) == 0 {
		t.Fatalf("%s has no perplexities", path)
	}
	return g.Perplexity
}

// roundWeights rounds all weights to float16, which the recorded perplexities use even where the
// stored weights are float32.
func roundWeights(t testing.TB, m models.CausalLM) {
	t.Helper()
	m.Walk(func(p *nn.Param) {
		v := p.Value().Data()
		b := make([]byte, 2*len(v))
		if err := tensor.Encode(b, v, tensor.F16); err != nil {
			t.Fatal(err)
		}
		if err := tensor.Decode(v, b, tensor.F16); err != nil {
			t.Fatal(err)
		}
	})
}

// checkEntry measures m on a text and compares.
func checkEntry(t *testing.T, m models.CausalLM, tok data.Tokenizer, c *data.Corpus, name string, e entry, wholeText bool) {
	t.Helper()
	windows, tokens, err := data.EvalWindows(tok, c, e.Context, e.Windows)
	if err != nil {
		t.Fatal(err)
	}
	if wholeText && tokens != e.Tokens || len(windows) != e.Windows || fmt.Sprint(windows[0][:len(e.FirstIDs)]) != fmt.Sprint(e.FirstIDs) {
		t.Errorf("%s: %d tokens and %d windows beginning %v, want %d and %d beginning %v", name, tokens, len(windows), windows[0][:len(e.FirstIDs)], e.Tokens, e.Windows, e.FirstIDs)
	}
	r, err := eval.Perplexity(context.Background(), m, windows, eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := relative(r.Perplexity, e.Perplexity)
	t.Logf("%-26s perplexity %.6f, recorded %.6f, relative difference %.1e", name, r.Perplexity, e.Perplexity, d)
	if !(d <= allowed) {
		t.Errorf("%s: perplexity %.6f, want %.6f: relative difference %.2g, allowed %g", name, r.Perplexity, e.Perplexity, d, allowed)
	}
}

// The embedded evaluation text is the beginning of the recorded text "frankenstein", long enough
// for the entry of 32768 tokens.
func TestRecordedPerplexityOfEmbeddedText(t *testing.T) {
	for _, c := range []struct{ model, path string }{
		{"demo-llama", "demo:llama"},
		{"demo-opt", "demo:opt"},
		{"stories260k", golden.Path("models/stories260k")},
	} {
		t.Run(c.model, func(t *testing.T) {
			m, tok := load(t, c.path)
			roundWeights(t, m)
			e := recordedPerplexities(t, golden.Path("logits/"+c.model+".json"))["frankenstein:32768"]
			if testing.Short() {
				t.Skip("a pass over 32768 tokens")
			}
			checkEntry(t, m, tok, data.DefaultEvaluation(), "frankenstein:32768", e, false)
		})
	}
}

// All recorded entries of all trained models, the whole corpora only on request
// (ADAGP_TEST_WHOLE=1): they take minutes.
func TestRecordedPerplexities(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	texts := map[string]string{
		"wikitext2-test":       "text/wikitext2/test.txt",
		"wikitext2-valid-tail": "text/heldout/wikitext2-valid-tail.txt",
		"frankenstein":         "text/heldout/frankenstein.txt",
		"south":                "text/heldout/south.txt",
	}
	whole := os.Getenv("ADAGP_TEST_WHOLE") != ""
	for _, name := range []string{"stories260k", "demo-llama", "demo-opt", "llama-mini", "opt-mini"} {
		t.Run(name, func(t *testing.T) {
			m, tok := load(t, golden.Shared(t, "models/"+name))
			roundWeights(t, m)
			for key, e := range recordedPerplexities(t, golden.Shared(t, "golden/"+name+".json")) {
				text, part, _ := strings.Cut(key, ":")
				if part != "8192" && !whole {
					continue
				}
				corpus, err := data.ReadCorpus([]string{golden.Shared(t, texts[text])})
				if err != nil {
					t.Fatal(err)
				}
				checkEntry(t, m, tok, corpus, key, e, true)
			}
		})
	}
}
