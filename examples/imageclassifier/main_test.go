package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// TestRun makes the experiment at a small size and checks what does not hang on chance.
func TestRun(t *testing.T) {
	s := size{networks: 1, train: 3000, test: 1000, calibration: 1000, hidden: []int{64, 32}, epochs: 8, sparsities: []float64{0.5, 0.8, 0.9}}
	r, err := run(s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.print(&out)
	t.Log("\n" + out.String())
	if r.dense < 0.8 {
		t.Fatalf("the dense network names %v right, it has not learnt", r.dense)
	}
	for _, m := range []string{"sparsegpt", "admm", "adagp", "adagp+"} {
		if r.pruned[0][m] < r.dense-0.06 {
			t.Errorf("%s at 50 %%: %v, dense %v", m, r.pruned[0][m], r.dense)
		}
	}
	for i, at := range r.pruned[1:] {
		for _, m := range []string{"magnitude", "wanda", "sparsegpt"} {
			for _, ours := range []string{"adagp", "adagp+"} {
				if !(at[ours] > at[m]+0.03) {
					t.Errorf("%s at %v: %v, %s %v", ours, s.sparsities[i+1], at[ours], m, at[m])
				}
			}
		}
	}
	if !strings.Contains(out.String(), "adagp+") || strings.Count(out.String(), "\n") != 6 {
		t.Errorf("printed:\n%s", out.String())
	}
}

// TestZeros: each method makes exactly the zeros that were asked for, in every layer.
func TestZeros(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	images, _ := drawDigits(r, 200)
	checkZeros(t, newNetwork(r, 20, 12), images)
	checkZeros(t, newConvolutional(r, 4, 8), images)
}

func checkZeros(t *testing.T, net *nn.Chain, images *tensor.Tensor) {
	t.Helper()
	restore := remember(net)
	for _, m := range methods {
		if err := m.prune(net, images, 0.75); err != nil {
			t.Fatal(m.name, err)
		}
		for _, l := range net.Links {
			if got, want := zeros(l.Linear), l.Linear.In()*l.Linear.Out()*3/4; got != want {
				t.Errorf("%s: %s has %d zeros, want %d", m.name, l.Linear.Name(), got, want)
			}
		}
		restore()
		for _, l := range net.Links {
			if zeros(l.Linear) != 0 {
				t.Fatalf("%s: the weights of %s did not come back", m.name, l.Linear.Name())
			}
		}
	}
}

// The same with convolutions, and with an activation of this program's own.
func TestConvolutional(t *testing.T) {
	r, err := run(size{networks: 1, train: 3000, test: 1000, calibration: 500, channels: []int{6, 12}, epochs: 8, sparsities: []float64{0.5, 0.8}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.print(&out)
	t.Log("\n" + out.String())
	if r.dense < 0.65 {
		t.Fatalf("the dense network names %v right, it has not learnt", r.dense)
	}
	for _, m := range []string{"sparsegpt", "admm", "adagp", "adagp+"} {
		if r.pruned[0][m] < r.dense-0.06 || !(r.pruned[1][m] > r.pruned[1]["magnitude"]+0.1) {
			t.Errorf("%s: %v at 50 %% and %v at 80 %%, dense %v, magnitude %v at 80 %%", m, r.pruned[0][m], r.pruned[1][m], r.dense, r.pruned[1]["magnitude"])
		}
	}
}

// leaky's minimum is as low as the best of a fine grid.
func TestLeakyMinimum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	act := leaky{0.1}
	u, m, a := tensor.New(1, 200), tensor.New(1, 200), tensor.New(1, 200)
	for k := range m.Data() {
		m.Data()[k], a.Data()[k] = float32(2*r.NormFloat64()), float32(2*r.NormFloat64())
	}
	const alpha, gamma = 0.7, 1.3
	act.Minimize(0, []*tensor.Tensor{u}, m, a, alpha, gamma)
	costs := func(u *tensor.Tensor) *tensor.Tensor {
		du, da := tensor.Sub(u, m), tensor.Sub(a, act.Apply(autograd.Const(u)).Value)
		return tensor.Add(tensor.Scale(tensor.Mul(du, du), alpha), tensor.Scale(tensor.Mul(da, da), gamma))
	}
	got := costs(u)
	for step := -800; step <= 800; step++ {
		other := tensor.New(1, 200)
		other.Fill(float32(step) / 100)
		for k, v := range costs(other).Data() {
			if v < got.Data()[k]-1e-4 {
				t.Fatalf("m %g, a %g: %g costs %g, %g only %g", m.Data()[k], a.Data()[k], u.Data()[k], got.Data()[k], other.Data()[k], v)
			}
		}
	}
}

func zeros(l *nn.Linear) (n int) {
	for _, v := range l.Weight.Value().Data() {
		if v == 0 {
			n++
		}
	}
	return n
}
