package torch_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/adagp/adagp/checkpoint/torch"
)

// A checkpoint is opened and one tensor, a view into a larger storage, is read from it.
func Example() {
	f, err := torch.Open(os.DirFS("testdata"), "zip_proto2.bin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for _, t := range f.Tensors()[:3] {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	v, err := f.Read("strided")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Shape(), v.At(0))
	// Output:
	// f32 F32 [2 3]
	// f16 F16 [3 2]
	// bf16 BF16 [5]
	// [7] 0.7915039
}

// A file that wants to run a program is refused, and the error says which.
func ExampleClassError() {
	magic := "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	hostile := magic + "\x80\x02M\xe9\x03." + "\x80\x02}." + "\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
	_, err := torch.New("weights.bin", strings.NewReader(hostile), int64(len(hostile)))
	var class *torch.ClassError
	if errors.As(err, &class) {
		fmt.Println(class.Module, class.Name)
	}
	fmt.Println(err)
	// Output:
	// os system
	// weights.bin: state dict: pickle wants "os.system", which is not an allowed class
}
