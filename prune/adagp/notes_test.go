package adagp_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Notes come from sums over tokens, the trace from the tokens themselves: they must agree, also with an
// output that is not the chain's, with frozen maps, and without a ridge; and nobody's weights must depend on
// who watches.
func TestNotesAreTheObjective(t *testing.T) {
	for _, d := range declarations(7) {
		for _, variant := range []string{"own output", "given output", "frozen", "no ridge"} {
			t.Run(d.name+"/"+variant, func(t *testing.T) {
				x := inputs(7)
				o := d.with(adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.6)), Epochs: 3, Ridge: adagp.DefaultRidge, Safeguard: true})
				var y *tensor.Tensor
				last := d.chain.Links[len(d.chain.Links)-1].Linear
				switch variant {
				case "given output":
					y = tensor.New(d.chain.Forward(&nn.Context{}, autograd.Const(x)).Value.Shape()...)
					for i := range y.Data() {
						y.Data()[i] = float32(math.Sin(float64(i)))
					}
				case "frozen":
					o.Frozen = func(l *nn.Linear) bool { return l == last }
				case "no ridge":
					o.Ridge = 0
				}
				exact, variables := map[string]float64{}, map[string]string{}
				for _, l := range d.chain.Links {
					variables[strings.Join(l.Names(), ",")] = l.Linear.Name()[strings.LastIndexByte(l.Linear.Name(), '.')+1:]
				}
				watched, noted := o, o
				watched.Objective = func(tag string, v float64) {
					epoch, update, _ := strings.Cut(tag, ":")
					key := "signals epoch " + epoch // the last one of them stays
					for _, kind := range []string{"refit", "prune"} {
						if out, ok := strings.CutPrefix(update, kind+" "); ok {
							key = fmt.Sprintf("%s %s epoch %s", variables[out], kind, epoch)
							exact["objective epoch "+epoch] = v
						}
					}
					exact[key] = v
				}
				want, err := adagp.Solve(context.Background(), d.chain, x, y, watched)
				if err != nil {
					t.Fatal(err)
				}
				notes, worst := 0, 0.0
				noted.Note = func(step string, v float64) {
					notes++
					w, ok := exact[step]
					if !ok {
						t.Errorf("a note on %q, which the trace does not have", step)
					}
					worst = max(worst, math.Abs(v-w)/w)
				}
				got, err := adagp.Solve(context.Background(), d.chain, x, y, noted)
				if err != nil {
					t.Fatal(err)
				}
				delete(exact, "signals epoch 2") // nobody reads them
				if notes != len(exact) {
					t.Errorf("%d notes, want %d", notes, len(exact))
				}
				if !(worst < 1e-4) {
					t.Errorf("notes differ from the trace by up to %.1e", worst)
				}
				t.Logf("%d notes, relative difference up to %.1e", notes, worst)
				for l, s := range want {
					for i, v := range s.W.Data {
						if got[l].W.Data[i] != v {
							t.Fatalf("%s: weight %d is %g, watched %g", l.Name(), i, got[l].W.Data[i], v)
						}
					}
				}
			})
		}
	}
}
