package prune_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// checkOnGrids compares what was written with the grids that came with it, and the report, which went through JSON.
func checkOnGrids(t *testing.T, what string, r *prune.Report, out *memory, spec quant.Spec, roundOff float64) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back prune.Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for _, l := range back.Layers {
		for _, x := range l.Tensors {
			if x.Quantization == nil || x.Quantization.Scales != nil || x.Quantization.Zeros != nil || back.Grids != prune.GridFile {
				t.Fatalf("%s: %s has no grid, or has it in the report", what, x.Name)
			}
			g, err := x.Grid(out.read)
			if err != nil || g.Spec != spec {
				t.Fatalf("%s: %s: grid %+v, error %v", what, x.Name, x.Quantization, err)
			}
			w, zeros := out.tensors[x.Name], 0
			for i := range w.Dim(0) {
				for j, v := range w.Row(i) {
					point := g.Round(i, j, float64(v))
					if d := math.Abs(point - float64(v)); d > roundOff*math.Abs(point) {
						t.Fatalf("%s: %s [%d %d] is %g, the nearest grid point %g", what, x.Name, i, j, v, point)
					}
					if v == 0 {
						zeros++
					}
				}
			}
			if zeros != x.Zeros || !(x.Error >= 0 && x.Error < 1) {
				t.Errorf("%s: %s has %d zeros and error %v in the report, %d zeros", what, x.Name, x.Zeros, x.Error, zeros)
			}
		}
	}
}

// TestQuantize: every method's weights end on grids, rounded as its statistics suggest or as the options
// say, with no fewer zeros than asked for.
func TestQuantize(t *testing.T) {
	vocab := open(t, "rand-llama-bias").Config().VocabSize
	windows := randomWindows(vocab, repeat(16, 24)...)
	f16, f32 := tensor.F16, tensor.F32
	for _, c := range []struct {
		o    prune.Options
		want string // rounding in the report
	}{
		{prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5)}, "nearest"},
		{prune.Options{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5)}, "gptq"},
		{prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.NM(2, 4)}, "gptq"},
		{prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)}, "nearest"},
		{prune.Options{Method: prunetest.Method("admm"), Pattern: sparsity.Unstructured(0.7)}, "gptq"},
		{prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Unstructured(0.5)}, "gptq"},
		{prune.Options{Method: prunetest.Method("adagp", "paper", true, "epochs", 2), Pattern: sparsity.Unstructured(0.5)}, "gptq"},
		{prune.Options{Method: prunetest.Method("global-magnitude"), Pattern: sparsity.Unstructured(0.5)}, "nearest"},
		{prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5), DType: &f16}, "gptq"},
	} {
		what := methodName(c.o.Method) + "/" + c.want
		spec := quant.Spec{Bits: 4, Group: 16}
		c.o.Quantize = &spec
		if c.want == prune.RoundFeedback {
			c.o.Feedback = sparsegpt.Solver{}
		}
		roundOff := 0x1p-11
		if c.o.DType == nil {
			c.o.DType, roundOff = &f32, 0x1p-24
		}
		r, out := prunedRun(t, "rand-llama-bias", windows, c.o)
		checkOnGrids(t, what, r, out, spec, roundOff)
		h := r.Hyperparameters
		if h["wbits"] != 4 || h["wgroup"] != 16 || h["wround"] != c.want {
			t.Errorf("%s: hyperparameters %v", what, h)
		}
		if r.Totals.Sparsity < c.o.Pattern.Sparsity-1e-3 {
			t.Errorf("%s: sparsity %v", what, r.Totals.Sparsity)
		}
		if len(r.Finish) != 0 {
			t.Errorf("%s: global tuning of weights on grids: %v %v", what, h, r.Finish)
		}
	}
}

// records is a Keeper that keeps nothing but the journal, and grids.
type records struct {
	memory
	list [][]byte
}

func (r *records) Records() [][]byte          { return nil }
func (r *records) Append(record []byte) error { r.list = append(r.list, record); return nil }
func (r *records) Sum(string) (string, error) { return strings.Repeat("0", 64), nil }
func (r *records) Stored(string, string) (*tensor.Tensor, error) {
	return nil, errors.New("nothing is stored")
}
func (r *records) StoredRaw(string, string) error { return errors.New("nothing is stored") }
func (r *records) PutState(string, []byte) error  { return nil }
func (r *records) State(string) ([]byte, error)   { return nil, errors.New("nothing is kept") }

// TestQuantizeReportSize: the finest grids there are make neither the report nor the journal longer than
// one grid for a row does.
func TestQuantizeReportSize(t *testing.T) {
	size := map[int]int{}
	for _, group := range []int{0, 1} {
		m, out := open(t, "rand-llama-bias"), &records{}
		r, err := prune.Run(context.Background(), m, randomWindows(m.Config().VocabSize, repeat(16, 4)...),
			prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5), Quantize: &quant.Spec{Bits: 4, Group: group}}, out)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		size[group] = len(text)
		for _, record := range out.list {
			size[group] += len(record)
		}
	}
	if size[1] > size[0]+size[0]/10 { // seconds and errors have more digits or fewer
		t.Errorf("report and journal take %d bytes with one grid per row, %d with one per weight", size[0], size[1])
	}
}

// TestGridInReport: reports of former versions hold the grids themselves.
func TestGridInReport(t *testing.T) {
	var x prune.TensorReport
	text := `{"name":"w","shape":[1,2],"quantization":{"bits":4,"group":0,"symmetric":false,"scales":"AACAPw==","zeros":"Aw=="}}`
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		t.Fatal(err)
	}
	g, err := x.Grid(nil)
	if err != nil || g.Scales[0] != 1 || g.Zeros[0] != 3 || g.Bits != 4 {
		t.Errorf("grid %+v, error %v", g, err)
	}
	x.Quantization.Scales = nil // a report of now, whose file is not there
	gone := errors.New("no such file")
	if _, err := x.Grid(func(string) ([]byte, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
	if g, err := (&prune.TensorReport{}).Grid(nil); g != nil || err != nil {
		t.Errorf("a matrix on no grids: %v, %v", g, err)
	}
}

// TestQuantizeThreads: bits do not depend on the number of threads.
func TestQuantizeThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	windows := randomWindows(open(t, "rand-opt350").Config().VocabSize, repeat(16, 16)...)
	for _, method := range []string{"sparsegpt", "admm"} {
		var want *memory
		for _, threads := range []int{1, 3} {
			parallel.SetThreads(threads)
			_, got := prunedRun(t, "rand-opt350", windows, prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5), Quantize: &quant.Spec{Bits: 3}})
			if want == nil {
				want = got
			}
			for name, w := range want.tensors {
				if !slices.Equal(w.Data(), got.tensors[name].Data()) {
					t.Errorf("%s: %s differs with %d threads", method, name, threads)
				}
			}
		}
	}
}

// TestQuantizeFeedback: on the layer's own inputs, rounding with feedback behind a solver that cannot
// round loses less than rounding to the nearest.
func TestQuantizeFeedback(t *testing.T) {
	windows := randomWindows(open(t, "stories260k").Config().VocabSize, repeat(64, 16)...)
	errors := map[string]float64{}
	for rounding, solver := range map[string]local.Solver{prune.RoundFeedback: sparsegpt.Solver{}, prune.RoundNearest: nil} {
		r, _ := prunedRun(t, "stories260k", windows, prune.Options{Method: prunetest.Method("refit"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 1},
			Quantize: &quant.Spec{Bits: 3}, Feedback: solver})
		for _, x := range r.Layers[0].Tensors {
			errors[rounding] += float64(x.Error)
		}
	}
	if !(errors[prune.RoundFeedback] < 0.9*errors[prune.RoundNearest]) {
		t.Errorf("errors %v", errors)
	}
}

func TestQuantizeRefuses(t *testing.T) {
	m := open(t, "rand-llama-bias")
	windows := randomWindows(m.Config().VocabSize, 16)
	for _, c := range []struct {
		o    prune.Options
		want string
	}{
		{prune.Options{Method: prunetest.Method("adagp"), Quantize: &quant.Spec{Bits: 1}}, "1 bits: want 2 to 8"},
		{prune.Options{Method: prunetest.Method("adagp"), Quantize: &quant.Spec{Bits: 4, Group: -1}}, "-1 columns"},
		{prune.Options{Method: prunetest.Method("adagp"), Quantize: &quant.Spec{Bits: 4, Group: 6}, Pattern: sparsity.NM(2, 4)}, "want a multiple of 4"},
		{prune.Options{Method: prunetest.Method("adagp"), Feedback: sparsegpt.Solver{}}, "without grids"},
	} {
		_, err := prune.Run(context.Background(), m, windows, c.o, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestQuantizeFinish: what comes after the layers would move weights off their grids: it is left out, and that is said.
func TestQuantizeFinish(t *testing.T) {
	m := open(t, "rand-llama-bias")
	finishWith = finishing{finish: func(context.Context, *prune.Final) error { return errors.New("called") }}
	r, err := prune.Run(context.Background(), m, randomWindows(m.Config().VocabSize, repeat(16, 4)...),
		prune.Options{Method: finished(), Quantize: &quant.Spec{Bits: 4}}, &memory{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "off their grids") {
		t.Errorf("warnings %q, want one about the last step", r.Warnings)
	}
}

// offGrid returns weights that are not on the grid it names.
type offGrid struct{}

func (offGrid) Describe() local.Description { return local.Description{Name: "test-off-grid"} }

func (offGrid) Needs() local.Needs { return local.Needs{} }

func (offGrid) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	mask, err := p.Select(p.W, sparsity.LayerScope)
	if err != nil {
		return nil, err
	}
	s := p.Masked(mask)
	_, s.Grid = quant.Nearest(quant.Spec{Bits: 2}, s.W)
	return s, nil
}

func TestSolveChecksGrid(t *testing.T) {
	w := linalg.FromSlice([]float64{1, 2, 3.3, -4}, 1, 4)
	_, err := local.Solve(context.Background(), offGrid{}, &local.Problem{Name: "w", W: w, Pattern: sparsity.Unstructured(0.25)})
	if err == nil || !strings.Contains(err.Error(), "solve w: weight [0 ") || !strings.Contains(err.Error(), "not on its grid") {
		t.Errorf("error %v, want one about the grid of w", err)
	}
}
