package safetensors_test

import (
	"bytes"
	"fmt"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// A file with two tensors is written to memory and read again.
func Example() {
	var file bytes.Buffer
	err := safetensors.Write(&file, []safetensors.Entry{
		{Name: "weight", DType: tensor.BF16, Value: tensor.FromSlice([]float32{1, 0, 0, 2.5}, 2, 2)},
		{Name: "bias", DType: tensor.F32, Value: tensor.FromSlice([]float32{0.5, -1}, 2)},
	}, map[string]string{"format": "pt"})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.New("memory", bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range f.Tensors() {
		v, err := f.Read(t.Name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(t.Name, t.DType, t.Shape, v.Data())
	}
	// Output:
	// bias F32 [2] [0.5 -1]
	// weight BF16 [2 2] [1 0 0 2.5]
}
