package golden

import (
	"fmt"
	"testing"
)

// Layer is a recorded test case for solvers of one linear layer: prune/layer_seedN.json.
type Layer struct {
	W     [][]float64 // weights [out][in]
	X     [][]float64 // activations [in][tokens]: columns are tokens
	Cases []SolverCase

	Asymmetric struct { // the least-squares weights for the outputs of W on other inputs
		XDense        [][]float64 `json:"X_dense"` // those inputs [in][tokens]
		RidgeFraction float64     `json:"ridge_fraction"`
		WStar         [][]float64 `json:"W_star"`
	}
	Dead struct { // a SparseGPT case with an input that is always zero
		W, X, Weights [][]float64
		Sparsity      float64
		BlockSize     int
		PercDamp      float64
	}
}

// SolverCase is what one solver with some settings makes of a Layer.
type SolverCase struct {
	Solver     string
	Sparsity   float64
	NM         []int // zeros and length of a group, or nil
	Scope      string
	BlockSize  int
	PercDamp   float64
	Ridge      float64   // added to the diagonal as it is, not as a share
	Iters      int       // iterations
	RowWeights []float64 `json:"row_weights"` // importance of the rows
	Keep       []string  // a string of 0 and 1 per row, 1 = kept
	Weights    [][]float64
	Loss       float64
	Zeros      int
}

// String names the case.
func (c SolverCase) String() string {
	if c.NM != nil {
		return fmt.Sprintf("%s/%d:%d/block%d", c.Solver, c.NM[0], c.NM[1], c.BlockSize)
	}
	return fmt.Sprintf("%s/%g/block%d", c.Solver, c.Sparsity, c.BlockSize)
}

// LayerSeeds are the recorded layers that LoadLayer knows.
var LayerSeeds = []int{1, 2}

// LoadLayer reads the layer recorded with the given seed.
func LoadLayer(t testing.TB, seed int) *Layer {
	t.Helper()
	l := new(Layer)
	JSON(t, Path(fmt.Sprintf("prune/layer_seed%d.json", seed)), l)
	return l
}

// Only returns the cases of one solver, and fails the test when there are none.
func (l *Layer) Only(t testing.TB, solver string) []SolverCase {
	t.Helper()
	var cs []SolverCase
	for _, c := range l.Cases {
		if c.Solver == solver {
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		t.Fatalf("no recorded case of solver %s", solver)
	}
	return cs
}
