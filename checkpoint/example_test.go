package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// A model folder is copied with one tensor changed; the other keeps its bytes.
func Example() {
	tmp, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(tmp)
	if err := copyDoubled(tmp); err != nil {
		fmt.Println(err)
	}
	// Output:
	// bias F32 [2]: [1 1]
	// weight F16 [2]: [2 4]
}

func copyDoubled(dir string) error {
	err := safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), []safetensors.Entry{
		{Name: "weight", DType: tensor.F16, Value: tensor.FromSlice([]float32{1, 2}, 2)},
		{Name: "bias", DType: tensor.F32, Value: tensor.FromSlice([]float32{1, 1}, 2)},
	}, nil)
	if err != nil {
		return err
	}

	in := os.DirFS(dir)
	model, err := checkpoint.Open(in) // headers only
	if err != nil {
		return err
	}
	defer model.Close()
	copied := dir + "-doubled"
	defer os.RemoveAll(copied)
	out, err := checkpoint.NewWriter(copied, model, in, checkpoint.WriterOptions{})
	if err != nil {
		return err
	}
	defer out.Abort() // nothing after a Commit that succeeded
	w, err := model.Read("weight")
	if err != nil {
		return err
	}
	if err := out.Put("weight", tensor.Scale(w, 2)); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}

	result, err := checkpoint.Open(os.DirFS(copied))
	if err != nil {
		return err
	}
	defer result.Close()
	for _, name := range result.Names() {
		info, _ := result.Info(name)
		v, err := result.Read(name)
		if err != nil {
			return err
		}
		fmt.Printf("%s %v %v: %v\n", name, info.DType, info.Shape, v.Data())
	}
	return nil
}
