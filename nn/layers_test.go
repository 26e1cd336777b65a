package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func TestEmbedding(t *testing.T) {
	e := nn.NewEmbedding("embed", 3, 2)
	e.Weight.Set(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2))
	got := e.Forward(&nn.Context{}, []int{2, 0, 2})
	checkClose(t, "rows 2, 0, 2", got.Value, tensor.FromSlice([]float32{5, 6, 1, 2, 5, 6}, 3, 2), 0)
}

func TestPositionEmbedding(t *testing.T) {
	e := nn.NewPositionEmbedding("pos", 5, 2, 1)
	if !slices.Equal(e.Weight.Shape, []int{7, 1}) {
		t.Fatalf("table: got %v, want [7 1]", e.Weight.Shape)
	}
	e.Weight.Set(tensor.FromSlice([]float32{-1, -2, 0, 1, 2, 3, 4}, 7, 1))
	got := e.Forward(&nn.Context{SeqLen: 2}, 2)
	checkClose(t, "two sequences of two", got.Value, tensor.FromSlice([]float32{0, 1, 0, 1}, 4, 1), 0)

	// Behind a cache that holds three positions.
	a := newAttention(t, 1, 1, 2, 2)
	fill(newRNG(1), a.Walk)
	caches := []*nn.KVCache{nn.NewKVCache(), nn.NewKVCache()}
	a.Forward(&nn.Context{SeqLen: 3, Caches: caches}, autograd.Const(tensor.New(6, 2)))
	got = e.Forward(&nn.Context{SeqLen: 2, Caches: caches}, 2)
	checkClose(t, "continued", got.Value, tensor.FromSlice([]float32{3, 4, 3, 4}, 4, 1), 0)
}

func TestRMSNorm(t *testing.T) {
	n := nn.NewRMSNorm("norm", 2, 0.5)
	n.Weight.Set(tensor.FromSlice([]float32{1, 10}, 2))
	got := n.Forward(&nn.Context{}, autograd.Const(tensor.FromSlice([]float32{3, 4}, 1, 2)))
	r := 1 / math.Sqrt(12.5+0.5)
	checkClose(t, "rms norm of (3, 4)", got.Value, tensor.FromSlice([]float32{float32(3 * r), float32(40 * r)}, 1, 2), 1e-6)
}

func TestLayerNorm(t *testing.T) {
	x := autograd.Const(tensor.FromSlice([]float32{1, 3, 8}, 1, 3))
	q := 1 / math.Sqrt(26.0/3+0.5) // mean 4, variance 26/3
	for _, affine := range []bool{false, true} {
		n := nn.NewLayerNorm("norm", 3, 0.5, affine)
		want := tensor.FromSlice([]float32{float32(-3 * q), float32(-q), float32(4 * q)}, 1, 3)
		if affine {
			n.Weight.Set(tensor.FromSlice([]float32{1, 2, 3}, 3))
			n.Bias.Set(tensor.FromSlice([]float32{5, 6, 7}, 3))
			for j := range 3 {
				want.Set(want.At(0, j)*float32(j+1)+float32(j+5), 0, j)
			}
		}
		if got, want := len(nn.Params(n.Walk)), map[bool]int{false: 0, true: 2}[affine]; got != want {
			t.Errorf("affine %v: %d parameters, want %d", affine, got, want)
		}
		checkClose(t, "layer norm of (1, 3, 8)", n.Forward(&nn.Context{}, x).Value, want, 1e-6)
	}
}

func TestCrossEntropy(t *testing.T) {
	// Two windows of two tokens: rows 0 and 2 predict, rows 1 and 3 do not.
	logits := tensor.FromSlice([]float32{
		0, 0, 0,
		9, 9, 9,
		float32(math.Log(2)), float32(math.Log(6)), 0,
		-9, 9, 0,
	}, 4, 3)
	got := nn.CrossEntropy(autograd.Const(logits), [][]int{{0, 2}, {1, 1}}).Value.Data()[0]
	want := (math.Log(3) + math.Log(9.0/6)) / 2
	if math.Abs(float64(got)-want) > 1e-6 {
		t.Errorf("loss: got %v, want %v", got, want)
	}
	if got := panics(func() { nn.CrossEntropy(autograd.Const(logits), [][]int{{0, 1, 2}}) }); got == nil {
		t.Error("three tokens for four rows of logits did not panic")
	}
	if got, want := nn.NextTokens([][]int{{4, 5, 6}, {}, {7}}), []int{5, 6, -1, -1}; !slices.Equal(got, want) {
		t.Errorf("NextTokens: got %v, want %v", got, want)
	}
}

func TestMLPWalk(t *testing.T) {
	m := &nn.MLP{Up: nn.NewLinear("fc1", 2, 3, true), Down: nn.NewLinear("fc2", 3, 2, false), Activation: nn.ReLU}
	if got, want := nn.Names(m.Walk), []string{"fc1.weight", "fc1.bias", "fc2.weight"}; !slices.Equal(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
	if got := m.Linears(); len(got) != 2 || got[0] != m.Up || got[1] != m.Down {
		t.Errorf("linears: got %v, want fc1, fc2", got)
	}
	n := nn.NewRMSNorm("norm", 2, 1e-6)
	if got, want := nn.Names(n.Walk), []string{"norm.weight"}; !slices.Equal(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
}
