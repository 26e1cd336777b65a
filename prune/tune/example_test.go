package tune_test

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor/linalg"
)

// Prune a model in memory and tune what is left of it towards the dense model.
func ExampleGlobal() {
	student, dense := demo(), demo()
	windows := randomWindows(dense.Config().VocabSize, 8, 48) // real text in earnest
	o := prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.7)}
	if _, err := prune.Run(context.Background(), student, windows, o, nil); err != nil {
		fmt.Println(err)
		return
	}
	masks, zeros, size := map[*nn.Linear]*sparsity.Mask{}, 0, 0
	for _, l := range student.Layers() {
		for _, lin := range l.Linears() {
			masks[lin] = sparsity.MaskOf(linalg.FromTensor(lin.Weight.Value()))
			zeros, size = zeros+masks[lin].Zeros(), size+lin.Weight.Len()
		}
	}
	r, err := tune.Global(context.Background(), student, dense, masks, windows, tune.Options{Epochs: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f %% zeros, nearer to the dense model: %v\n", 100*float64(zeros)/float64(size), r.After < r.Before)
	// Output:
	// 70 % zeros, nearer to the dense model: true
}

func demo() *models.Model {
	m, err := models.Open("demo:llama")
	if err == nil {
		err = m.LoadAll()
	}
	if err != nil {
		panic(err)
	}
	return m
}
