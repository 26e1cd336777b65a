package adagp_test

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// rescale is a step of one's own. It multiplies each row ŵ of the pruned weights by the factor that brings its outputs
// nearest to those of the dense row w on the inputs of the pruned network, c = ŵHwᵀ / ŵHŵᵀ.
type rescale struct{}

func (rescale) About() adagp.About {
	return adagp.About{Settings: map[string]any{"rescale": true}, Time: 0.1, Memory: func(s prune.LayerShape) prune.StagePlan {
		return prune.NewStage("rescaling of rows", prune.Part{What: "a matrix, dense and pruned, and products", Bytes: 3 * 8 * s.Widest})
	}}
}

func (rescale) Run(ctx context.Context, l *adagp.Layer) error {
	for n, lin := range l.Selected() {
		if err := ctx.Err(); err != nil {
			return err
		}
		dense, w := l.Weights(lin), linalg.FromTensor(lin.Weight.Value())
		products := linalg.Mul(w, l.Stats[lin].Hessian)
		for i := range w.Rows {
			wanted, has := 0.0, 0.0
			for j, v := range products.Row(i) {
				wanted += v * dense.At(i, j)
				has += v * w.At(i, j)
			}
			if !(has > 0) {
				continue
			}
			for j := range w.Row(i) {
				w.Row(i)[j] *= wanted / has
			}
		}
		if err := l.Move(lin, w); err != nil {
			return err
		}
		l.Done(float64(n+1) / float64(len(l.Selected())))
	}
	return nil
}

// A preset is a list of steps, and so is what one makes of it: here a step from outside of the package, behind the
// pruning of Fast.
func ExampleLayerStep() {
	errors := func(steps ...adagp.LayerStep) (sum float64, settings map[string]any) {
		s := adagp.Fast()
		s.Solver, s.Layer = sparsegpt.Solver{}, append(s.Layer, steps...)
		m, err := models.Open("demo:llama")
		if err != nil {
			panic(err)
		}
		defer m.Close()
		if err := m.LoadAll(); err != nil {
			panic(err)
		}
		o := prune.Options{Method: adagp.New(s), Pattern: sparsity.Unstructured(0.8), Layers: [2]int{0, 1}}
		r, err := prune.Run(context.Background(), m, countedWindows(m.Config().VocabSize), o, nil)
		if err != nil {
			panic(err)
		}
		for _, t := range r.Layers[0].Tensors {
			sum += float64(t.Error)
		}
		return sum, r.Hyperparameters
	}
	without, _ := errors()
	with, settings := errors(rescale{})
	fmt.Println("rescaled:", settings["rescale"])
	fmt.Println("nearer to the dense outputs:", with < without)
	// Output:
	// rescaled: true
	// nearer to the dense outputs: true
}

// countedWindows are windows of made-up tokens; real text in earnest.
func countedWindows(vocabulary int) [][]int {
	windows := make([][]int, 16)
	for i := range windows {
		for k := range 24 {
			windows[i] = append(windows[i], (i*i*7+k*(3+i%5))%vocabulary)
		}
	}
	return windows
}
