package generate_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/models/generate"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// allModels are the test models with and without a tokenizer.
func allModels(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(golden.Path("models/*"))
	if err != nil || len(paths) < 9 {
		t.Fatalf("found %d models (%v), want 9", len(paths), err)
	}
	return append(paths, "demo:llama", "demo:opt")
}

func open(t testing.TB, path string) *models.Model {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func openStored(t testing.TB, path string) *models.Model {
	t.Helper()
	m := open(t, path)
	if err := m.LoadStored(m.Walk); err != nil {
		t.Fatal(err)
	}
	return m
}

func tokenizerOf(t testing.TB, m *models.Model) data.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Open(m.FS)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// encode puts the BOS in front, as the program does.
func encode(tok data.Tokenizer, text string) []int {
	ids := tok.Encode(text)
	if bos, ok := tok.BOS(); ok {
		ids = append([]int{bos}, ids...)
	}
	return ids
}

// noText is the tokenizer of models that have none.
type noText struct{}

func (noText) Decode(ids []int) string { return fmt.Sprint(ids) }

// randomPrompts returns prompts of different lengths.
func randomPrompts(c models.Config, n int, seed uint64) [][]int {
	rng := rand.New(rand.NewPCG(seed, 2))
	prompts := make([][]int, n)
	for i := range prompts {
		for range 1 + 3*i {
			prompts[i] = append(prompts[i], rng.IntN(c.VocabSize))
		}
	}
	return prompts
}

func run(t testing.TB, m models.CausalLM, prompts [][]int, o generate.Options) []generate.Result {
	t.Helper()
	results, _, err := generate.Run(t.Context(), m, noText{}, prompts, o)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// greedy continues ids by a full pass over everything for each token.
func greedy(m models.CausalLM, ids []int, n int) []int {
	ids = slices.Clone(ids)
	start := len(ids)
	for range n {
		logits := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
		best, row := 0, logits.Row(len(ids)-1)
		for i, v := range row {
			if v > row[best] {
				best = i
			}
		}
		ids = append(ids, best)
	}
	return ids[start:]
}

// What comes out of the cache, alone or beside others, is what full passes give.
func TestGreedyEqualsFullPasses(t *testing.T) {
	for _, path := range allModels(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, stored := open(t, path), openStored(t, path)
			if err := m.LoadAll(); err != nil {
				t.Fatal(err)
			}
			const tokens = 12
			prompts := randomPrompts(m.Config(), 4, 7)
			batch := run(t, stored, prompts, generate.Options{MaxTokens: tokens, Batch: 3})
			for i, ids := range prompts {
				want := greedy(m, ids, tokens)
				for name, got := range map[string]generate.Result{
					"stored, batch":  batch[i],
					"stored, single": run(t, stored, prompts[i:i+1], generate.Options{MaxTokens: tokens})[0],
					"float32":        run(t, m, prompts[i:i+1], generate.Options{MaxTokens: tokens})[0],
					"without Step":   run(t, struct{ models.CausalLM }{m}, prompts[i:i+1], generate.Options{MaxTokens: tokens})[0],
				} {
					if !slices.Equal(got.Tokens, want) || got.Reason != generate.TokenLimit {
						t.Errorf("prompt %d, %s: got %v (%s), want %v", i, name, got.Tokens, got.Reason, want)
					}
				}
			}
		})
	}
}

// The text that llama2.c's documentation prints for this model.
func TestKnownText(t *testing.T) {
	m := openStored(t, golden.Path("models/stories260k"))
	tok := tokenizerOf(t, m)
	got, stats, err := generate.Run(t.Context(), m, tok, [][]int{encode(tok, "")}, generate.Options{MaxTokens: 40})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Once upon a time, there was a little girl named Lily."; !strings.HasPrefix(got[0].Text, want) {
		t.Errorf("got %q, want %q", got[0].Text, want)
	}
	if stats.PromptTokens != 1 || stats.DecodeTokens != 39 || stats.PromptRate() <= 0 || stats.DecodeRate() <= 0 {
		t.Errorf("got %+v, want 1 token of the prompt and 39 decoded", stats)
	}
}

// pruneAndPack zeroes most weights of a model and stores it dense and packed, in type d.
func pruneAndPack(t testing.TB, path string, d tensor.DType) (dense, packed string) {
	t.Helper()
	m := open(t, path)
	dense, packed = filepath.Join(t.TempDir(), "dense"), filepath.Join(t.TempDir(), "packed")
	w, err := checkpoint.NewWriter(dense, m.Reader, m.FS, checkpoint.WriterOptions{DType: &d})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			v, err := m.Reader.Read(m.TensorName(lin.Weight))
			if err != nil {
				t.Fatal(err)
			}
			for i := range v.Data() {
				if rng.Float64() < 0.6 {
					v.Data()[i] = 0
				}
			}
			if err := w.Put(m.TensorName(lin.Weight), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	src, err := checkpoint.Open(os.DirFS(dense))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p, err := checkpoint.NewPacker(t.Context(), packed, src, os.DirFS(dense), checkpoint.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Abort()
	if err := errors.Join(p.Write(t.Context()), p.Commit()); err != nil {
		t.Fatal(err)
	}
	return dense, packed
}

func TestPackedEqualsDense(t *testing.T) {
	for path, types := range map[string][]tensor.DType{
		"demo:llama": {tensor.BF16}, "demo:opt": {tensor.F16}, golden.Path("models/rand-llama3"): {tensor.F32, tensor.F16, tensor.BF16},
	} {
		for _, d := range types {
			densePath, packedPath := pruneAndPack(t, path, d)
			dense, packed := openStored(t, densePath), openStored(t, packedPath)
			for _, l := range packed.Layers() {
				if info, _ := packed.Reader.Info(packed.TensorName(l.Linears()[0].Weight)); info.Layout != checkpoint.Bitmask {
					t.Errorf("%s: the weights are %s, want a bitmask", path, info.Layout)
				}
			}
			prompts := randomPrompts(dense.Config(), 3, 5)
			o := generate.Options{MaxTokens: 20}
			got, want := run(t, packed, prompts, o), run(t, dense, prompts, o)
			for i := range want {
				if !slices.Equal(got[i].Tokens, want[i].Tokens) {
					t.Errorf("%s %v, prompt %d: packed %v, dense %v", path, d, i, got[i].Tokens, want[i].Tokens)
				}
			}
		}
	}
}

// Draws depend on the seed and the place of the prompt, on nothing else.
func TestSeeds(t *testing.T) {
	m := openStored(t, "demo:llama")
	prompts := randomPrompts(m.Config(), 5, 3)
	prompts = append(prompts, prompts[4])
	o := generate.Options{MaxTokens: 12, Temperature: 1.2, TopP: 0.95, TopK: 200, RepetitionPenalty: 1.1, MinP: 0.001, Seed: 3}
	want := run(t, m, prompts, o)
	if slices.Equal(want[4].Tokens, want[5].Tokens) {
		t.Error("two equal prompts share their draws")
	}
	before := parallel.Threads()
	defer parallel.SetThreads(before)
	for _, threads := range []int{1, 3} {
		for _, batch := range []int{1, 4} {
			parallel.SetThreads(threads)
			o.Batch = batch
			for i, got := range run(t, m, prompts, o) {
				if !slices.Equal(got.Tokens, want[i].Tokens) {
					t.Errorf("%d threads, batches of %d, prompt %d: got %v, want %v", threads, batch, i, got.Tokens, want[i].Tokens)
				}
			}
		}
	}
	o.Seed = 4
	if got := run(t, m, prompts, o); slices.Equal(got[0].Tokens, want[0].Tokens) {
		t.Error("another seed gives the same text")
	}
}

func TestEnds(t *testing.T) {
	m := openStored(t, golden.Path("models/stories260k"))
	tok := tokenizerOf(t, m)
	prompt := encode(tok, "Once upon a time")
	gen := func(o generate.Options, prompt []int) (generate.Result, string) {
		t.Helper()
		var streamed strings.Builder
		var done []generate.Result
		o.Done = func(i int, r generate.Result) { done = append(done, r) }
		o.Text = func(i int, piece string) {
			if i != 0 || piece == "" {
				t.Errorf("piece %q of prompt %d", piece, i)
			}
			streamed.WriteString(piece)
		}
		r, _, err := generate.Run(t.Context(), m, tok, [][]int{prompt}, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(done) != 1 || done[0].Text != r[0].Text || done[0].Reason != r[0].Reason {
			t.Errorf("Done was shown %+v, the result is %+v", done, r[0])
		}
		if streamed.String() != r[0].Text {
			t.Errorf("streamed %q, the result is %q", streamed.String(), r[0].Text)
		}
		return r[0], r[0].Text
	}
	free, text := gen(generate.Options{MaxTokens: 60}, prompt)
	if !strings.HasPrefix(text, ", there was a little girl named Lily.") {
		t.Fatalf("got %q", text)
	}
	for _, stop := range []string{"girl", "little girl named", "e girl n", ".", "Lily. She"} {
		r, text := gen(generate.Options{MaxTokens: 60, Stop: []string{"not there", stop}}, prompt)
		if want, _, _ := strings.Cut(free.Text, stop); text != want || r.Reason != generate.StopString {
			t.Errorf("stop %q: got %q (%s), want %q", stop, text, r.Reason, want)
		}
	}
	if r, _ := gen(generate.Options{MaxTokens: 60, EOS: []int{-1, free.Tokens[7]}}, prompt); r.Reason != generate.EndOfText || len(r.Tokens) > 7 {
		t.Errorf("end of text: got %d tokens (%s), want at most 7", len(r.Tokens), r.Reason)
	}
	full := m.Config().MaxPositions
	if r, _ := gen(generate.Options{}, prompt); r.Reason != generate.ContextFull || len(prompt)+len(r.Tokens) != full+1 {
		t.Errorf("got %d tokens behind %d (%s), want one more than the %d positions", len(r.Tokens), len(prompt), r.Reason, full)
	}
	long := slices.Repeat([]int{5}, full)
	if r, _ := gen(generate.Options{}, long); r.Reason != generate.ContextFull || len(r.Tokens) != 1 {
		t.Errorf("behind a full context: got %d tokens (%s), want 1", len(r.Tokens), r.Reason)
	}
	for name, bad := range map[string][]int{"too long": append(long, 5), "empty": {}, "unknown id": {m.Config().VocabSize}} {
		if _, _, err := generate.Run(t.Context(), m, tok, [][]int{prompt, bad}, generate.Options{MaxTokens: 1}); err == nil || !strings.HasPrefix(err.Error(), "prompt 2: ") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestInterrupt(t *testing.T) {
	m := openStored(t, golden.Path("models/stories260k"))
	ctx, cancel := context.WithCancel(t.Context())
	pieces := 0
	o := generate.Options{Batch: 2, Text: func(int, string) {
		if pieces++; pieces == 10 {
			cancel()
		}
	}}
	prompts := randomPrompts(m.Config(), 3, 1)
	got, _, err := generate.Run(ctx, m, tokenizerOf(t, m), prompts, o)
	if !errors.Is(err, context.Canceled) || len(got) != 3 {
		t.Fatalf("got %d results and error %v, want 3 and that it was cancelled", len(got), err)
	}
	for i, want := range []generate.Reason{generate.Interrupted, generate.Interrupted, ""} {
		if got[i].Reason != want || (len(got[i].Tokens) > 0) != (want != "") {
			t.Errorf("prompt %d: %d tokens, ended by %q, want %q", i, len(got[i].Tokens), got[i].Reason, want)
		}
	}
}

// A model whose numbers went wrong does not go on drawing.
func TestNaN(t *testing.T) {
	m := open(t, golden.Path("models/rand-opt-nobias"))
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	m.Layers()[1].Linears()[5].Weight.Value().Fill(float32(math.NaN()))
	if _, _, err := generate.Run(t.Context(), m, noText{}, [][]int{{1}}, generate.Options{}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("got error %v, want one about NaN", err)
	}
}

func TestBadOptions(t *testing.T) {
	m := open(t, "demo:llama")
	for _, o := range []generate.Options{
		{Temperature: -1}, {Temperature: math.NaN()}, {Temperature: math.Inf(1)}, {TopP: 1.5}, {TopP: -0.1}, {MinP: 2}, {TopK: -1},
		{RepetitionPenalty: -1}, {MaxTokens: -1}, {Batch: -1}, {Stop: []string{"a", ""}},
	} {
		if _, _, err := generate.Run(t.Context(), m, noText{}, nil, o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
		if _, err := generate.NewSession(m, noText{}, o); err == nil {
			t.Errorf("%+v was accepted for a session", o)
		}
	}
}
