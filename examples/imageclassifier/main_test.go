package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/nn"
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
	net := newNetwork(r, 20, 12)
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

func zeros(l *nn.Linear) (n int) {
	for _, v := range l.Weight.Value().Data() {
		if v == 0 {
			n++
		}
	}
	return n
}
