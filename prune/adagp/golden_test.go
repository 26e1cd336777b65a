package adagp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsegpt"
	_ "github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// goldenCase is one recorded run of the published schedule in float64; see the README beside it.
type goldenCase struct {
	Kind               string
	Sparsity           float64
	Epochs, Blocksize  int
	Percdamp           float64
	X                  matrix // columns are tokens
	W1, W2, Wg, Wu, Wd matrix
	B1, B2             []float64
	Alpha, Beta, Gamma float64
	W1_pruned          matrix
	W2_pruned          matrix
	Wg_pruned          matrix
	Wu_pruned          matrix
	Wd_pruned          matrix
	Objective_trace    []traceEntry
	Final_output_mse   float64
}

type matrix [][]float64

type traceEntry struct {
	Tag   string
	Value float64
}

func (e *traceEntry) UnmarshalJSON(b []byte) error {
	var pair []any
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	e.Tag, e.Value = pair[0].(string), pair[1].(float64)
	return nil
}

// tensor returns m as it stands, transposed when asked.
func (m matrix) tensor(transpose bool) *tensor.Tensor {
	t := tensor.New(len(m), len(m[0]))
	for i, row := range m {
		for j, v := range row {
			t.Set(float32(v), i, j)
		}
	}
	if transpose {
		return tensor.Transpose(t)
	}
	return t
}

func linear(name string, w matrix, b []float64) *nn.Linear {
	l := nn.NewLinear(name, len(w[0]), len(w), b != nil)
	l.Weight.Set(w.tensor(false))
	if b != nil {
		l.Bias.Set(matrix{b}.tensor(false).View(len(b)))
	}
	return l
}

// chain declares the recorded block as models do, tags maps our trace tags to the recorded ones (our
// trace has an entry per pruned matrix, the SwiGLU record one after all three), and want lists the
// pruned weights.
func (g *goldenCase) chain() (c *nn.Chain, tags map[string]string, want map[*nn.Linear]matrix) {
	if g.Kind == "relu" {
		fc1, fc2 := linear("fc1", g.W1, g.B1), linear("fc2", g.W2, g.B2)
		c = &nn.Chain{Name: "relu",
			Links: []nn.Link{{Linear: fc1, In: nn.Input, Out: "z"}, {Linear: fc2, In: "a", Out: nn.Output}},
			Joins: []nn.Join{{Activation: nn.ReLU, In: []string{"z"}, Out: "a"}}}
		return c, map[string]string{"refit z": "W1", "refit y": "W2", "prune z": "prune1", "prune y": "prune2", "a": "p", "z": "z"},
			map[*nn.Linear]matrix{fc1: g.W1_pruned, fc2: g.W2_pruned}
	}
	gate, up, down := linear("gate", g.Wg, nil), linear("up", g.Wu, nil), linear("down", g.Wd, nil)
	c = &nn.Chain{Name: "swiglu",
		Links: []nn.Link{{Linear: up, In: nn.Input, Out: "z"}, {Linear: down, In: "a", Out: nn.Output}, {Linear: gate, In: nn.Input, Out: "s"}},
		Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}}
	return c, map[string]string{"refit z": "Wu", "refit y": "Wd", "refit s": "Wg", "prune s": "prune", "a": "p", "z": "z", "s": "s"},
		map[*nn.Linear]matrix{gate: g.Wg_pruned, up: g.Wu_pruned, down: g.Wd_pruned}
}

// The records are float64; we hold activations in float32 and everything summed over tokens in
// float64. Rounding an activation is worth 6e-8 and the pseudo-inverses of these small, well
// conditioned cases hardly amplify it, so 2e-6 leaves room (observed: 1.4e-7) without hiding a wrong step.
const goldenTolerance = 2e-6

func TestGoldenTraces(t *testing.T) {
	for _, name := range []string{"relu_seed1", "relu_seed2", "swiglu_seed1", "swiglu_seed2"} {
		t.Run(name, func(t *testing.T) {
			var g goldenCase
			golden.JSON(t, golden.Path("prune/adagp_"+name+".json"), &g)
			c, tags, want := g.chain()
			solver := sparsegpt.Solver{BlockSize: g.Blocksize, DampFrac: g.Percdamp}
			var got []traceEntry
			solutions, err := adagp.Solve(context.Background(), c, g.X.tensor(true), nil, adagp.Options{
				Solver: solver, Pattern: adagp.Uniform(sparsity.Unstructured(g.Sparsity)), Epochs: g.Epochs,
				Alpha: g.Alpha, Beta: g.Beta, Gamma: g.Gamma, OutputSteps: publishedSteps(c),
				Objective: func(tag string, v float64) {
					var epoch int
					var rest string
					for i := range tag {
						if tag[i] == ':' {
							fmt.Sscan(tag[:i], &epoch)
							rest = tag[i+1:]
						}
					}
					if name, ok := tags[rest]; ok {
						got = append(got, traceEntry{fmt.Sprintf("%d:%s", epoch, name), v})
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(g.Objective_trace) {
				t.Fatalf("got %d objectives, want %d: %v", len(got), len(g.Objective_trace), got)
			}
			worst := 0.0
			for i, w := range g.Objective_trace {
				diff := math.Abs(got[i].Value-w.Value) / w.Value
				worst = max(worst, diff)
				if got[i].Tag != w.Tag || diff > goldenTolerance {
					t.Errorf("objective %d: got %s = %.9g, want %s = %.9g (relative difference %.1e)",
						i, got[i].Tag, got[i].Value, w.Tag, w.Value, diff)
				}
			}
			t.Logf("worst relative difference of the objective: %.1e", worst)
			for l, w := range want {
				takeDense(t, l.Name(), solutions[l], w)
			}
		})
	}
}

func takeDense(t *testing.T, name string, s *local.Solution, want matrix) {
	t.Helper()
	largest, worst, at := 0.0, 0.0, [2]int{}
	for i, row := range want {
		for j, w := range row {
			if s.Mask.Keep(i, j) != (w != 0) {
				t.Errorf("%s: mask [%d %d] keeps %v, want %v", name, i, j, s.Mask.Keep(i, j), w != 0)
			}
			largest = max(largest, math.Abs(w))
			if d := math.Abs(s.W.At(i, j) - w); d > worst {
				worst, at = d, [2]int{i, j}
			}
		}
	}
	if worst > goldenTolerance*largest {
		t.Errorf("%s: weight %v is %.9g, want %.9g (largest weight %.3g)", name, at, s.W.At(at[0], at[1]), want[at[0]][at[1]], largest)
	}
	t.Logf("%s: worst difference %.1e of the largest weight", name, worst/largest)
}
