package tune_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
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
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/scratch"
	_ "github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// windows reads the first n recorded calibration windows of stories260k.
func windows(t testing.TB, n int) [][]int {
	t.Helper()
	b, err := os.ReadFile(golden.Path("prune/ids/stories260k_calib_seed0.u16"))
	if err != nil {
		t.Fatal(err)
	}
	ws := make([][]int, n)
	for i := range ws {
		for k := range 256 {
			ws[i] = append(ws[i], int(binary.LittleEndian.Uint16(b[i*512+2*k:])))
		}
	}
	return ws
}

// loaded opens a model and reads all its weights.
func loaded(t testing.TB, path string) *models.Model {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	return m
}

// pruned is a model pruned by SparseGPT, with its masks.
func pruned(t testing.TB, path string, share float64, calibration [][]int) (*models.Model, map[*nn.Linear]*sparsity.Mask) {
	t.Helper()
	m := loaded(t, path)
	o := prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(share)}
	if _, err := prune.Run(context.Background(), m, calibration, o, nil); err != nil {
		t.Fatal(err)
	}
	masks := map[*nn.Linear]*sparsity.Mask{}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			masks[lin] = sparsity.MaskOf(linalg.FromTensor(lin.Weight.Value()))
		}
	}
	return m, masks
}

// of returns the masks of one layer.
func of(l models.DecoderLayer, masks map[*nn.Linear]*sparsity.Mask) map[*nn.Linear]*sparsity.Mask {
	own := map[*nn.Linear]*sparsity.Mask{}
	for _, lin := range l.Linears() {
		own[lin] = masks[lin]
	}
	return own
}

// fixed copies the parameters that tuning must leave alone, weights holds the others.
func fixed(m *models.Model, masks map[*nn.Linear]*sparsity.Mask) map[*nn.Param]*tensor.Tensor {
	copies := map[*nn.Param]*tensor.Tensor{}
	for _, p := range nn.Params(m.Walk) {
		copies[p] = p.Value().Clone()
	}
	for lin := range masks {
		delete(copies, lin.Weight)
	}
	return copies
}

func checkFixed(t *testing.T, copies map[*nn.Param]*tensor.Tensor) {
	t.Helper()
	for p, want := range copies {
		wantSame(t, p.Name, p.Value(), want)
		if p.Grad != nil {
			t.Errorf("%s has a gradient", p.Name)
		}
	}
}

const stories = "models/stories260k"

func TestBlockOfModel(t *testing.T) {
	ids := windows(t, 16)
	for i := range ids {
		ids[i] = ids[i][:96]
	}
	student, masks := pruned(t, golden.Path(stories), 0.7, ids)
	dense := loaded(t, golden.Path(stories))
	c := &nn.Context{}
	h := dense.Embed(c, ids)
	target := dense.Layers()[0].Forward(c, h)
	layer := student.Layers()[0]
	own := of(layer, masks)
	copies := fixed(student, own)
	r, err := tune.Block(context.Background(), layer, own, scratch.List(h.Value), scratch.List(target.Value), []int{c.SeqLen}, tune.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("loss %.4g to %.4g", r.Before, r.After)
	if r.Step == 0 || r.After > 0.9*r.Before {
		t.Errorf("loss went from %.4g to %.4g, want at least a tenth less", r.Before, r.After)
	}
	checkZeros(t, own)
	checkFixed(t, copies)
}

func TestGlobal(t *testing.T) {
	defer parallel.SetThreads(0)
	ids := windows(t, 16)
	for i := range ids {
		ids[i] = ids[i][:64-i%2*16] // two lengths
	}
	teacher := loaded(t, golden.Path(stories))
	var want *models.Model
	for _, threads := range []int{2, 1} {
		parallel.SetThreads(threads)
		student, masks := pruned(t, golden.Path(stories), 0.6, ids)
		copies, dense := fixed(student, masks), fixed(teacher, nil)
		var o tune.Options
		if want != nil { // what Global computes by itself otherwise
			for _, w := range ids {
				c := &nn.Context{}
				h := teacher.Embed(c, [][]int{w})
				for _, l := range teacher.Layers() {
					h = l.Forward(c, h)
				}
				o.Wanted = append(o.Wanted, h.Value)
			}
		}
		r, err := tune.Global(context.Background(), student, teacher, masks, ids, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("divergence %.4g to %.4g", r.Before, r.After)
		if r.Step == 0 || r.After > 0.9*r.Before {
			t.Errorf("divergence went from %.4g to %.4g, want at least a tenth less", r.Before, r.After)
		}
		if got := divergence(student, teacher, ids[14:]); !near(got, r.After, 1e-5) {
			t.Errorf("divergence of the windows held out is %.9g, the result says %.9g", got, r.After)
		}
		checkZeros(t, masks)
		checkFixed(t, copies)
		checkFixed(t, dense)
		if want == nil {
			want = student
			continue
		}
		for i, p := range nn.Params(student.Walk) {
			wantSame(t, p.Name+" on one thread, with the teacher's states given", p.Value(), nn.Params(want.Walk)[i].Value())
		}
	}
}

// near allows for sums in another order, of logits in float32.
func near(a, b, tolerance float64) bool { return a-b <= tolerance*b && b-a <= tolerance*b }

// divergence is the definition of the loss, window by window.
func divergence(student, teacher *models.Model, ids [][]int) float64 {
	sum, tokens := 0.0, 0
	for _, w := range ids {
		want := models.Forward(&nn.Context{}, teacher, [][]int{w}).Value
		kl := autograd.KLDiv(want, models.Forward(&nn.Context{}, student, [][]int{w}))
		sum += float64(kl.Value.Data()[0]) * float64(len(w))
		tokens += len(w)
	}
	return sum / float64(tokens)
}

// TestGlobalEveryModel takes each recorded architecture through a run that must not help: the rate
// ruins the model.
func TestGlobalEveryModel(t *testing.T) {
	for _, name := range []string{"rand-llama-bias", "rand-llama-tied", "rand-llama3", "rand-opt350", "rand-opt-nobias"} {
		t.Run(name, func(t *testing.T) {
			path := golden.Path("models/" + name)
			teacher := loaded(t, path)
			ids := randomWindows(teacher.Config().VocabSize, 10, 12)
			student, masks := pruned(t, path, 0.5, ids)
			copies := fixed(student, nil)
			r, err := tune.Global(context.Background(), student, teacher, masks, ids, tune.Options{LR: absurd})
			if err != nil {
				t.Fatal(err)
			}
			if r.Step != 0 || !(r.Before > 0) || r.After != r.Before {
				t.Errorf("got %+v, want the start", r)
			}
			checkFixed(t, copies)
		})
	}
}

func randomWindows(vocab, n, length int) [][]int {
	r := random(uint64(vocab), float64(vocab), n, length)
	ws := make([][]int, n)
	for i := range ws {
		for _, v := range r.Row(i) {
			ws[i] = append(ws[i], int(max(v, -v))%vocab)
		}
	}
	return ws
}

// TestGlobalSomeLayers tunes what has a mask and nothing else.
func TestGlobalSomeLayers(t *testing.T) {
	ids := windows(t, 8)
	for i := range ids {
		ids[i] = ids[i][:64]
	}
	teacher := loaded(t, golden.Path(stories))
	student, masks := pruned(t, golden.Path(stories), 0.5, ids)
	own := of(student.Layers()[3], masks)
	delete(own, student.Layers()[3].Linears()[0])
	copies := fixed(student, own)
	r, err := tune.Global(context.Background(), student, teacher, own, ids, tune.Options{Epochs: 3})
	if err != nil {
		t.Fatal(err)
	}
	if r.Step == 0 {
		t.Errorf("got %+v, want something gained", r)
	}
	checkZeros(t, masks)
	checkFixed(t, copies)
}

func TestGlobalCancelled(t *testing.T) {
	ids := windows(t, 8)
	for i := range ids {
		ids[i] = ids[i][:32]
	}
	teacher := loaded(t, golden.Path(stories))
	student, masks := pruned(t, golden.Path(stories), 0.5, ids)
	copies := fixed(student, nil)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := tune.Global(ctx, student, teacher, masks, ids, tune.Options{Progress: func(f float64) {
		if f > 0.5 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want the context's", err)
	}
	checkFixed(t, copies)
}

func TestGlobalErrors(t *testing.T) {
	teacher := loaded(t, golden.Path(stories))
	other := loaded(t, golden.Path("models/rand-llama3"))
	ids := slices.Repeat([][]int{{1, 2, 3}}, 8)
	for _, c := range []struct {
		name  string
		spoil func(student *models.Model) (*models.Model, *models.Model, [][]int)
		want  string
	}{
		{"one model", func(s *models.Model) (*models.Model, *models.Model, [][]int) { return s, s, ids }, "its own teacher"},
		{"vocabularies", func(s *models.Model) (*models.Model, *models.Model, [][]int) { return s, other, ids }, "vocabularies of 512 and"},
		{"ids", func(s *models.Model) (*models.Model, *models.Model, [][]int) {
			return s, teacher, [][]int{{1, 2}, {1, 512}}
		}, "window 1"},
		{"student not loaded", func(s *models.Model) (*models.Model, *models.Model, [][]int) {
			s.Unload(s.Layers()[1].Walk)
			return s, teacher, ids
		}, "model.layers.1.input_layernorm.weight is not loaded"},
		{"teacher not loaded", func(s *models.Model) (*models.Model, *models.Model, [][]int) {
			s.Unload(s.HeadWalk)
			return teacher, s, ids
		}, "is not loaded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b, ids := c.spoil(loaded(t, golden.Path(stories)))
			_, err := tune.Global(context.Background(), a, b, nil, ids, tune.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := tune.Global(context.Background(), teacher, other, nil, ids, tune.Options{Epochs: -3}); err == nil {
		t.Error("-3 epochs gave no error")
	}
}
