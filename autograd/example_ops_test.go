package autograd_test

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Each token goes to the expert that its router likes best, and the outputs come back to their places.
func ExampleTopK() {
	router := tensor.FromSlice([]float32{0.9, 0.1, 0.2, 0.8, 0.7, 0.3}, 3, 2) // [tokens, experts]
	x := autograd.Const(tensor.FromSlice([]float32{1, 2, 3}, 3, 1))
	_, expert := autograd.TopK(autograd.Const(router), 1)
	sum := autograd.Const(tensor.New(3, 1))
	for e := range 2 {
		var tokens []int
		for i, at := range expert {
			if at == e {
				tokens = append(tokens, i)
			}
		}
		y := autograd.Scale(autograd.GatherRows(x, tokens), float32(10*(e+1)))
		sum = autograd.Add(sum, autograd.ScatterRows(y, tokens, 3))
	}
	fmt.Println(expert, sum.Value.Data())
	// Output: [0 1 0] [10 40 30]
}

// Columns that go different ways come together again.
func ExampleConcatCols() {
	x := autograd.Const(tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2))
	left, right := autograd.SliceCols(x, 0, 1), autograd.SliceCols(x, 1, 2)
	fmt.Println(autograd.ConcatCols(right, left).Value.Data())
	fmt.Println(autograd.Transpose(x).Value.Data())
	// Output:
	// [2 1 4 3]
	// [1 3 2 4]
}

// Queries of an encoder see all of their window.
func ExampleAttention_bidirectional() {
	x := autograd.Const(tensor.FromSlice([]float32{1, 2, 6}, 3, 1))
	shape := autograd.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 1, Queries: 3, Keys: 3, Scale: 0} // all alike
	fmt.Println(autograd.Attention(x, x, x, shape).Value.Data())
	shape.Bidirectional = true
	fmt.Println(autograd.Attention(x, x, x, shape).Value.Data())
	// Output:
	// [1 1.5 3]
	// [3 3 3]
}

// The probabilities of a softmax, written out with other operations.
func ExampleDiv() {
	x := autograd.Const(tensor.FromSlice([]float32{0, 0, 0, 0}, 1, 4))
	e := autograd.Exp(x)
	ones := tensor.New(4, 4)
	ones.Fill(1)
	p := autograd.Div(e, autograd.MatMul(e, autograd.Const(ones)))
	top, at := autograd.Max(p)
	fmt.Println(p.Value.Data(), top.Value.Data(), at, autograd.Log(top).Value.Data())
	// Output: [0.25 0.25 0.25 0.25] [0.25] [0] [-1.3862944]
}
