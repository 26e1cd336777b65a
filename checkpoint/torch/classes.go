package torch

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// ClassError reports a pickle that names a class or function outside the allow-list. Loading it in
// Python would run that code; here it only stops the reading.
type ClassError struct {
	Module, Name string
}

// Error names the class.
func (e *ClassError) Error() string {
	return fmt.Sprintf("pickle wants %s, which is not an allowed class", blob.Quote(e.Module+"."+e.Name))
}

// classes are the globals a state dict may name, with the value that stands for each.
var classes = map[string]any{
	"collections.OrderedDict":         &types.OrderedDictClass{},
	"torch._utils._rebuild_tensor":    rebuildTensor{args: 4},
	"torch._utils._rebuild_tensor_v2": rebuildTensor{args: 6},
	"torch._utils._rebuild_parameter": rebuildParameter{},
	"torch.FloatStorage":              storageType{tensor.F32},
	"torch.HalfStorage":               storageType{tensor.F16},
	"torch.BFloat16Storage":           storageType{tensor.BF16},
	"torch.DoubleStorage":             storageType{tensor.F64},
	"torch.LongStorage":               storageType{tensor.I64},
	"torch.IntStorage":                storageType{tensor.I32},
	"torch.ShortStorage":              storageType{tensor.I16},
	"torch.CharStorage":               storageType{tensor.I8},
	"torch.ByteStorage":               storageType{tensor.U8},
	"torch.BoolStorage":               storageType{tensor.Bool},
}

// findClass resolves a global. The scanner asks it before the machine runs and the machine asks it
// again, so that neither alone is trusted.
func findClass(module, name string) (any, error) {
	if c, ok := classes[module+"."+name]; ok && !strings.Contains(name, ".") {
		return c, nil
	}
	return nil, &ClassError{module, name}
}

// storageType stands for a storage class; it can only be part of a persistent id.
type storageType struct{ dtype tensor.DType }

// strided is a tensor as pickled: where its elements lie in a storage.
type strided struct {
	storage      *storage
	offset       int // of the first element, in elements
	shape, steps []int
}

// rebuildTensor stands for torch._utils._rebuild_tensor and _rebuild_tensor_v2.
type rebuildTensor struct{ args int }

// Call takes storage, storage_offset, size, stride and, in version 2, two or three more arguments
// that concern training.
func (f rebuildTensor) Call(args ...any) (any, error) {
	if len(args) < f.args || len(args) > f.args+1 {
		return nil, fmt.Errorf("rebuild tensor: got %d arguments, want %d", len(args), f.args)
	}
	s, ok := args[0].(*storage)
	if !ok {
		return nil, fmt.Errorf("rebuild tensor: first argument is %s, want a storage", typeName(args[0]))
	}
	offset, err := toInt(args[1])
	if err != nil {
		return nil, fmt.Errorf("rebuild tensor: storage offset: %w", err)
	}
	shape, err := toInts(args[2])
	if err != nil {
		return nil, fmt.Errorf("rebuild tensor: size: %w", err)
	}
	steps, err := toInts(args[3])
	if err != nil {
		return nil, fmt.Errorf("rebuild tensor: stride: %w", err)
	}
	return &strided{storage: s, offset: offset, shape: shape, steps: steps}, nil
}

// rebuildParameter stands for torch._utils._rebuild_parameter, which wraps a tensor.
type rebuildParameter struct{}

// Call takes data, requires_grad and backward_hooks, and gives data.
func (rebuildParameter) Call(args ...any) (any, error) {
	if len(args) != 3 {
		return nil, fmt.Errorf("rebuild parameter: got %d arguments, want 3", len(args))
	}
	t, ok := args[0].(*strided)
	if !ok {
		return nil, fmt.Errorf("rebuild parameter: first argument is %s, want a tensor", typeName(args[0]))
	}
	return t, nil
}

// toInt converts a pickled integer that must not be negative.
func toInt(v any) (int, error) {
	switch n := v.(type) {
	case int:
		if n >= 0 {
			return n, nil
		}
		return 0, fmt.Errorf("%d is negative", n)
	case *big.Int:
		return 0, fmt.Errorf("%s is out of range", blob.Shorten(n.String()))
	}
	return 0, fmt.Errorf("got %s, want an integer", typeName(v))
}

func toInts(v any) ([]int, error) {
	t, ok := v.(*types.Tuple)
	if !ok {
		return nil, fmt.Errorf("got %s, want a tuple", typeName(v))
	}
	if t.Len() > blob.MaxRank {
		return nil, fmt.Errorf("%d dimensions, want at most %d", t.Len(), blob.MaxRank)
	}
	list := make([]int, t.Len())
	for i := range list {
		var err error
		if list[i], err = toInt(t.Get(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// typeName names the kind of a pickled value in Python's words, for error messages. The value
// itself may be huge or contain itself, so it is not printed.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int, *big.Int:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case []byte:
		return "bytes"
	case *types.Tuple:
		return "a tuple"
	case *types.List:
		return "a list"
	case *types.Dict, *types.OrderedDict:
		return "a dict"
	case *types.Set, *types.FrozenSet:
		return "a set"
	case *strided:
		return "a tensor"
	case *storage:
		return "a storage"
	}
	return "a class"
}
