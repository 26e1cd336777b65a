package global

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	_ "github.com/adagp/adagp/prune/magnitude"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

type memory map[string]*tensor.Tensor

func (m memory) Put(name string, t *tensor.Tensor) error {
	m[name] = t.Clone()
	return nil
}

func open(t testing.TB, name string) *models.Model {
	t.Helper()
	m, err := models.Open(golden.Path("models/" + name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func windows(vocab int, lengths ...int) [][]int {
	r := rand.New(rand.NewPCG(7, 7))
	ws := make([][]int, len(lengths))
	for i, n := range lengths {
		for range n {
			ws[i] = append(ws[i], r.IntN(vocab))
		}
	}
	return ws
}

func run(t testing.TB, model string, ws [][]int, o prune.Options) (*prune.Report, memory) {
	t.Helper()
	out := memory{}
	r, err := prune.Run(context.Background(), open(t, model), ws, o, out)
	if err != nil {
		t.Fatalf("%s, %s: %v", model, o.Method, err)
	}
	return r, out
}

// weightScore is one weight of the model in the order of its matrices.
type weightScore struct {
	score float64
	name  string
	k     int
	free  bool // zero in the dense model
}

// directScores computes the scores of all weights by the definition, everything in memory.
func directScores(t *testing.T, m *models.Model, method string, ws [][]int) (all []weightScore) {
	t.Helper()
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	sums := map[*nn.Linear][]float64{}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			sums[lin] = make([]float64, lin.Weight.Len())
			for k, v := range lin.Weight.Value().Data() {
				if method == "global-magnitude" {
					sums[lin][k] = math.Abs(float64(v))
				}
			}
		}
	}
	for _, w := range ws {
		if method == "global-magnitude" {
			break
		}
		nn.ZeroGrad(m.Walk)
		c := &nn.Context{Tape: autograd.NewTape()}
		loss := nn.CrossEntropy(models.Forward(c, m, [][]int{w}), [][]int{w})
		c.Tape.Backward(autograd.Scale(loss, float32(len(w)-1)))
		for lin, s := range sums {
			for k, g := range lin.Weight.Grad.Data() {
				s[k] += math.Abs(float64(g) * float64(lin.Weight.Value().Data()[k]))
			}
		}
	}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			for k, s := range sums[lin] {
				all = append(all, weightScore{s, m.TensorName(lin.Weight), k, lin.Weight.Value().Data()[k] == 0})
			}
		}
	}
	return all
}

// The streamed selection prunes what sorting all scores prunes.
func TestAgainstSorting(t *testing.T) {
	for _, model := range []string{"rand-llama-bias", "rand-opt350"} {
		ws := windows(96, 12, 12, 5, 12)
		for _, method := range []string{"global-magnitude", "global-taylor"} {
			all := directScores(t, open(t, model), method, ws)
			free := 0 // weights of the dense model that are zero
			for _, w := range all {
				if w.free {
					free++
				}
			}
			sorted := slices.Clone(all)
			slices.SortStableFunc(sorted, func(a, b weightScore) int { return cmp.Compare(a.score, b.score) })
			for _, s := range []float64{0, 0.0001, 0.3, 0.7, 0.95, 0.9999} {
				r, out := run(t, model, ws, prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(s)})
				due := max(free, int(math.Floor(float64(len(all))*s+1e-9)))
				if int(r.Totals.Zeros) != due || int(r.Totals.Weights) != len(all) {
					t.Errorf("%s, %s at %v: %d zeros of %d, want %d of %d", model, method, s, r.Totals.Zeros, r.Totals.Weights, due, len(all))
				}
				if r.Allocation != prune.ByMethod || r.Solver != method {
					t.Errorf("%s: allocation %q, solver %q", method, r.Allocation, r.Solver)
				}
				wrong := 0
				for i, w := range sorted {
					kept := out[w.name].Data()[w.k] != 0
					// float32 sums in another order: scores near the threshold may change places
					if near := i > 0 && i < len(sorted) && due > 0 && math.Abs(w.score-sorted[due-1].score) < 1e-5*sorted[due-1].score; kept != (i >= due) && !near {
						wrong++
					}
				}
				if wrong != 0 {
					t.Errorf("%s, %s at %v: %d weights are on the wrong side", model, method, s, wrong)
				}
			}
		}
	}
}

// partLimits are the bytes of gradients that TestParts allows.
var partLimits = []int64{gradientBytes, 1, 500_000}

// However few layers fit into memory at a time, the result is the same; and so it is for any number of
// threads.
func TestParts(t *testing.T) {
	defer parallel.SetThreads(0)
	ws := windows(512, 16, 16, 16)
	var first memory
	for k, limit := range partLimits {
		parallel.SetThreads(k + 1)
		_, out := run(t, "stories260k", ws, prune.Options{Method: &method{name: "parts", score: (&taylor{limit: limit}).scores}, Pattern: sparsity.Unstructured(0.6), Layers: [2]int{1, 5}})
		if first == nil {
			first = out
		}
		for name, w := range first {
			if !slices.Equal(w.Data(), out[name].Data()) {
				t.Errorf("limit of %d bytes: %s differs", limit, name)
			}
		}
	}
	d := &prune.Dense{Selected: make([][]*nn.Linear, 5)}
	for i := range d.Selected {
		d.Selected[i] = []*nn.Linear{nn.NewLinear("a", 10, 25, false)}
	}
	for limit, want := range map[int64]int{1: 5, 1000: 5, 2000: 3, 2999: 3, 4000: 2, 5000: 1} {
		parts := (&taylor{limit: limit}).parts(d)
		if len(parts) != want || parts[0][0] != 0 || parts[len(parts)-1][1] != 5 {
			t.Errorf("limit of %d bytes: parts %v, want %d", limit, parts, want)
		}
	}
}

// Equal scores go in the order of the matrices and their elements, across a threshold within them.
func TestTies(t *testing.T) {
	c := prune.NewCounter()
	row := func(dst []float64, i int) {
		for j := range dst {
			dst[j] = []float64{0, 1, 1, 2}[j]
		}
	}
	c.Add(3, 4, row)
	c.Add(1, 4, row)
	d := c.Distribution()
	for zeros := range 17 {
		th := newThreshold(d, sparsity.Unstructured(float64(zeros)/16))
		if zeros == 16 {
			th = newThreshold(d, sparsity.Pattern{Sparsity: 1})
		}
		a, b := th.mask(3, 4, row), th.mask(1, 4, row)
		th.settle()
		if n := a.Zeros() + b.Zeros(); n != zeros {
			t.Fatalf("%d zeros, want %d", n, zeros)
		}
		switch zeros {
		case 6:
			if a.Keep(0, 1) || a.Keep(0, 2) || !a.Keep(1, 1) || !b.Keep(0, 1) {
				t.Error("of the ones, the first two of the first matrix should go")
			}
		case 11:
			if a.Zeros() != 9 || b.Keep(0, 1) || !b.Keep(0, 2) {
				t.Error("all ones but the last should go")
			}
		}
	}
}

// What waits for the decision between equal scores, such as the zeros of a model that was pruned before, is a bit for
// each and little for a row.
func TestTiesTakeLittle(t *testing.T) {
	const rows, cols = 500, 4000
	row := func(dst []float64, _ int) {
		clear(dst)
		dst[0] = 1
	}
	c := prune.NewCounter()
	c.Add(rows, cols, row)
	d := c.Distribution()
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	th := newThreshold(d, sparsity.Unstructured(0.5))
	mask := th.mask(rows, cols, row)
	if n, most := live()-before, int64(rows*cols/8*2+rows*100); n > most {
		t.Errorf("%d tied scores take %d bytes, with the mask; want at most %d", rows*(cols-1), n, most)
	}
	th.settle()
	if got := mask.Zeros(); got != rows*cols/2 {
		t.Errorf("%d zeros, want %d", got, rows*cols/2)
	}
}

// Whole matrices may go, which no other allocation does; N:M is a matter of groups.
func TestExtremes(t *testing.T) {
	m := open(t, "stories260k")
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	small := m.Layers()[2].Linears()[1]
	for k := range small.Weight.Value().Data() {
		small.Weight.Value().Data()[k] *= 1e-6
	}
	r, err := prune.Run(context.Background(), m, windows(512, 16), prune.Options{Method: prunetest.Method("global-magnitude"), Pattern: sparsity.Unstructured(0.5)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Layers[2].Tensors[1]; x.Sparsity != 1 || x.Error != 1 {
		t.Errorf("the smallest matrix has sparsity %v and error %v, want 1", x.Sparsity, x.Error)
	}
	_, a := run(t, "stories260k", windows(512, 16), prune.Options{Method: prunetest.Method("global-magnitude"), Pattern: sparsity.NM(2, 4)})
	_, b := run(t, "stories260k", windows(512, 16), prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.NM(2, 4)})
	for name, w := range a {
		if !slices.Equal(w.Data(), b[name].Data()) {
			t.Errorf("2:4: %s differs from local magnitude", name)
		}
	}
	_, a = run(t, "stories260k", windows(512, 16), prune.Options{Method: prunetest.Method("global-taylor"), Pattern: sparsity.NM(4, 8), Include: regexp.MustCompile("layers.[13].mlp")})
	if len(a) != 6 {
		t.Errorf("%d matrices pruned, want 6", len(a))
	}
}

func TestRefusesAllocation(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("global-taylor"), Allocation: "owl", Pattern: sparsity.Unstructured(0.5)}
	if err := o.CheckAllocation(); err == nil || !strings.Contains(err.Error(), "method global-taylor spreads the zeros by itself") {
		t.Errorf("error %v", err)
	}
}

func TestCancelled(t *testing.T) {
	for _, method := range []string{"global-magnitude", "global-taylor"} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := prune.Run(ctx, open(t, "stories260k"), windows(512, 16), prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5)}, nil)
		if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
			t.Errorf("%s: error %v, want the context's", method, err)
		}
	}
}
