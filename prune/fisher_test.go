package prune_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// look is a method that hands the dense model to a function of the test and prunes by magnitude.
type look struct {
	prune.Method
	at func(ctx context.Context, d *prune.Dense) error
}

func (l *look) Wants(o *prune.Options) prune.Wants {
	w := l.Method.Wants(o)
	w.Prepare = l.at
	return w
}

// looked runs look on the dense model m and then prunes its last layer.
func looked(t *testing.T, m *models.Model, windows [][]int, o prune.Options, at func(ctx context.Context, d *prune.Dense) error) {
	t.Helper()
	o.Method = &look{prunetest.Method("magnitude"), at}
	if _, err := prune.Run(context.Background(), m, windows, o, nil); err != nil {
		t.Fatal(err)
	}
}

// directFisher is the definition: one tape over the whole model, window by window.
func directFisher(t *testing.T, m *models.Model, windows [][]int) (fisher, norms map[string][]float64) {
	t.Helper()
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	fisher, norms = map[string][]float64{}, map[string][]float64{}
	tokens := 0
	for _, w := range windows {
		tokens += len(w)
		type seen struct {
			name string
			x, y *autograd.Var
		}
		var all []seen
		tape := autograd.NewTape()
		c := &nn.Context{Tape: tape, VarObserver: func(l *nn.Linear, x, y *autograd.Var) {
			all = append(all, seen{l.Name(), x, y.RetainGrad()})
		}}
		h := tape.Leaf(m.Embed(&nn.Context{}, [][]int{w}).Value)
		c.SeqLen = len(w)
		var y *autograd.Var = h
		for _, l := range m.Layers() {
			y = l.Forward(c, y)
		}
		loss := nn.CrossEntropy(m.Head(c, y), [][]int{w})
		tape.Backward(autograd.Scale(loss, float32(len(w)-1)))
		for _, s := range all {
			fisher[s.name] = addSquares(fisher[s.name], s.y.Grad)
			norms[s.name] = addSquares(norms[s.name], s.x.Value)
		}
	}
	for _, m := range []map[string][]float64{fisher, norms} {
		for _, v := range m {
			for i := range v {
				v[i] /= float64(tokens)
			}
		}
	}
	return fisher, norms
}

func addSquares(sum []float64, x *tensor.Tensor) []float64 {
	if sum == nil {
		sum = make([]float64, x.Dim(1))
	}
	for i := range x.Dim(0) {
		for j, v := range x.Row(i) {
			sum[j] += float64(v) * float64(v)
		}
	}
	return sum
}

// wantClose compares vectors by name; differences are relative to the largest element of the vector.
func wantClose(t *testing.T, what string, got, want map[string][]float64, tolerance float64) {
	t.Helper()
	if len(got) == 0 {
		t.Fatalf("%s: nothing there", what)
	}
	for name, g := range got {
		w := want[name]
		if len(w) != len(g) {
			t.Fatalf("%s of %s: %d values, want %d", what, name, len(g), len(w))
		}
		for i := range g {
			if d := math.Abs(g[i] - w[i]); !(d <= tolerance*slices.Max(w)) {
				t.Errorf("%s of %s: element %d is %g, want %g (largest %g)", what, name, i, g[i], w[i], slices.Max(w))
				break
			}
		}
	}
}

func byName(m map[*nn.Linear][]float64) map[string][]float64 {
	out := map[string][]float64{}
	for l, v := range m {
		out[l.Name()] = v
	}
	return out
}

// The streamed pass agrees with the definition, for every kind of layer, in batches and groups of any
// size, with part of the matrices selected, whether weights are loaded or not, with records kept or
// made a second time.
func TestFisher(t *testing.T) {
	for _, limits := range [][2]int{{256 << 20, 1 << 22}, {4000, 700}, {1, 1}} {
		prune.LimitBackward(t, limits[0], limits[1])
		testFisher(t)
	}
}

func testFisher(t *testing.T) {
	for _, name := range []string{"rand-llama3", "rand-llama-bias", "rand-opt350", "rand-opt-nobias", "stories260k"} {
		windows := randomWindows(open(t, name).Config().VocabSize, 12, 12, 12, 7, 1, 12, 12)
		wantF, wantN := directFisher(t, open(t, name), windows)
		for _, o := range []prune.Options{{Method: prunetest.Method("adagp")}, {Method: prunetest.Method("adagp"), Batch: 2}, {Method: prunetest.Method("adagp"), Batch: 1, Layers: [2]int{1, 2}}} {
			m := open(t, name)
			looked(t, m, windows, o, func(ctx context.Context, d *prune.Dense) error {
				norms, err := d.InputNorms(ctx)
				if err != nil {
					return err
				}
				// float32 sums in another order, squared: 1e-4 of the largest is ten times what is seen
				wantClose(t, name+": forward norms", byName(norms), wantN, 1e-4)
				return nil
			})
			looked(t, m, windows, o, func(ctx context.Context, d *prune.Dense) error {
				f, err := d.Fisher(ctx)
				if err != nil {
					return err
				}
				wantClose(t, name+": Fisher weights", byName(f), wantF, 1e-4)
				if o.Layers == [2]int{} && len(f) != len(wantF)-outside(m, wantF) {
					t.Errorf("%s: Fisher weights of %d matrices, want all of the decoder's", name, len(f))
				}
				norms, err := d.InputNorms(ctx)
				if err != nil {
					return err
				}
				wantClose(t, name+": norms", byName(norms), wantN, 1e-4)
				return nil
			})
			for _, p := range nn.Params(m.Walk) {
				if p.Value() != nil || p.Grad != nil {
					t.Fatalf("%s: parameter %s is still loaded", name, p.Name)
				}
			}
		}
	}
}

// outside counts the linear layers of want that are none of the decoder layers'.
func outside(m *models.Model, want map[string][]float64) int {
	n := len(want)
	for _, l := range m.Layers() {
		n -= len(l.Linears())
	}
	return n
}

// Gradients come batch by batch, layers from the last to the first, and only the layer at work is loaded, or the
// whole model where it fits.
func TestBackwardStreams(t *testing.T) {
	for _, kept := range []int{256 << 20, 1} {
		prune.LimitBackward(t, kept, 1000)
		m := open(t, "stories260k")
		var layers []int
		looked(t, m, randomWindows(512, repeat(8, 4)...), prune.Options{Method: prunetest.Method("adagp"), Batch: 3}, func(ctx context.Context, d *prune.Dense) error {
			return d.Backward(ctx, prune.Sweep{Layers: [2]int{1, 4}}, func(g prune.Gradient) error {
				for i, l := range m.Layers() {
					for _, lin := range l.Linears() {
						if loaded := lin.Weight.Value() != nil; loaded != (i == g.Layer || kept > 1) {
							t.Errorf("at layer %d: weights of layer %d loaded: %v", g.Layer, i, loaded)
						}
					}
				}
				if len(layers) == 0 || layers[len(layers)-1] != g.Layer {
					layers = append(layers, g.Layer)
				}
				return nil
			})
		})
		// in groups of one batch each, or the three windows before the held-out ones and the last together
		if got := fmt.Sprint(layers); got != "[3 2 1 3 2 1]" {
			t.Errorf("at most %d bytes kept: layers %s", kept, got)
		}
	}
}

func TestBackwardStops(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		visit func(cancel func()) error
		want  error
	}{
		"visit":   {func(func()) error { return boom }, boom},
		"context": {func(cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		m := open(t, "stories260k")
		ctx, cancel := context.WithCancel(context.Background())
		visits := 0
		at := func(ctx context.Context, d *prune.Dense) error {
			return d.Backward(ctx, prune.Sweep{PerWindow: true}, func(prune.Gradient) error {
				visits++
				return c.visit(cancel)
			})
		}
		_, err := prune.Run(ctx, m, randomWindows(512, 8, 8, 8), prune.Options{Method: &look{prunetest.Method("magnitude"), at}}, nil)
		if !errors.Is(err, c.want) || visits > 7 {
			t.Errorf("%s: error %v after %d visits, want %v", name, err, visits, c.want)
		}
		for _, p := range nn.Params(m.Walk) {
			if p.Value() != nil {
				t.Fatalf("%s: parameter %s is still loaded", name, p.Name)
			}
		}
		cancel()
	}
}

// Overflow is an error that says where, on the way forward and on the way back.
func TestBackwardNonFinite(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *models.Model)
		want  string
	}{
		"forward": {func(m *models.Model) {
			for _, lin := range m.Layers()[3].Linears()[4:6] {
				scale(lin.Weight.Value(), 1e20)
			}
		}, "layer model.layers.3.mlp.down_proj: activation of input"},
		"backward": {func(m *models.Model) {
			m.HeadWalk(func(p *nn.Param) {
				if strings.Contains(p.Name, "norm") {
					p.Value().Fill(3e38)
				}
			})
		}, "gradient of the loss overflows"},
	} {
		m := open(t, "stories260k")
		if err := m.LoadAll(); err != nil {
			t.Fatal(err)
		}
		c.spoil(m)
		_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: prunetest.Method("wanda"), Allocation: "fisher", Pattern: sparsity.Unstructured(0.5)}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func scale(w *tensor.Tensor, by float32) {
	for i, v := range w.Data() {
		w.Data()[i] = v * by
	}
}

// A small change e of one output at one token changes the loss by the gradient times e; summed over
// the tokens, the squares of such differences are the Fisher weight.
func TestFisherFiniteDifferences(t *testing.T) {
	m := open(t, "rand-llama3")
	windows := randomWindows(m.Config().VocabSize, 9)
	var got map[string][]float64
	looked(t, m, windows, prune.Options{Method: prunetest.Method("adagp")}, func(ctx context.Context, d *prune.Dense) error {
		f, err := d.Fisher(ctx)
		got = byName(f)
		return err
	})
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	for _, lin := range []*nn.Linear{m.Layers()[0].Linears()[2], m.Layers()[0].Linears()[5], m.Layers()[1].Linears()[0]} {
		const output, eps = 3, 2e-2
		var f, largest float64
		for token := range windows[0] {
			loss := func(change float32) float64 {
				c := &nn.Context{VarObserver: func(l *nn.Linear, _, y *autograd.Var) {
					if l == lin {
						y.Value.Row(token)[output] += change
					}
				}}
				logits := models.Forward(c, m, windows)
				return float64(len(windows[0])-1) * float64(nn.CrossEntropy(logits, windows).Value.Data()[0])
			}
			g := (loss(eps) - loss(-eps)) / (2 * eps)
			f += g * g / float64(len(windows[0]))
		}
		largest = slices.Max(got[lin.Name()])
		// central differences of a float32 loss: truncation and rounding of some 1e-4 of the gradient
		if d := math.Abs(f - got[lin.Name()][output]); d > 1e-2*largest {
			t.Errorf("%s: Fisher weight %d is %g, finite differences give %g (largest %g)", lin.Name(), output, got[lin.Name()][output], f, largest)
		}
	}
}

// The weights are the same bits for any number of threads.
func TestFisherThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	windows := randomWindows(512, repeat(64, 8)...)
	var first map[string][]float64
	for _, threads := range []int{1, 2, 3} {
		parallel.SetThreads(threads)
		looked(t, open(t, "stories260k"), windows, prune.Options{Method: prunetest.Method("adagp")}, func(ctx context.Context, d *prune.Dense) error {
			f, err := d.Fisher(ctx)
			got := byName(f)
			if first == nil {
				first = got
			}
			for name := range first {
				if !slices.Equal(first[name], got[name]) {
					t.Errorf("%d threads: Fisher weights of %s differ", threads, name)
				}
			}
			return err
		})
	}
}
