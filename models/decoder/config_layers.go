package decoder

import "github.com/adagp/adagp/models"

// The names of the kinds of layers in layer_types.
const (
	slidingLayer = "sliding_attention"
	fullLayer    = "full_attention"
)

// ReadSliding reads which layers see a window of positions alone: those that layer_types calls
// "sliding_attention", or, in files without that field, those that the function says.
func ReadSliding(f *models.Fields, layers int, absent func(layer int) bool) []bool {
	if !f.Has("layer_types") {
		return Sliding(layers, absent)
	}
	sliding := make([]bool, layers)
	types := f.Strings("layer_types")
	if len(types) != layers && f.Err() == nil {
		f.Fail("layer_types", "%d kinds of layers, want one for each of %d layers", len(types), layers)
	}
	for i, t := range types[:min(len(types), layers)] {
		switch t {
		case slidingLayer:
			sliding[i] = true
		case fullLayer:
		default:
			f.Fail("layer_types", "want %s or %s, got %q for layer %d", slidingLayer, fullLayer, t, i)
		}
	}
	return sliding
}

// Sliding says of each layer what the function says.
func Sliding(layers int, is func(layer int) bool) []bool {
	sliding := make([]bool, layers)
	for i := range sliding {
		sliding[i] = is(i)
	}
	return sliding
}

// ReadWindow reads the number of positions that sliding layers see; 0 for all, which is what null says.
func ReadWindow(f *models.Fields, absent int) int {
	if f.IsNull("sliding_window") {
		return 0
	}
	return f.IntOr("sliding_window", absent, 1, models.MaxPositions)
}

// Windows returns the window of each layer for Attention.Window; nil when none has one.
func Windows(sliding []bool, window int) []int {
	w, any := make([]int, len(sliding)), false
	for i, s := range sliding {
		if s {
			w[i], any = window, any || window > 0
		}
	}
	if !any {
		return nil
	}
	return w
}

// EveryLayer says that every layer is meant.
func EveryLayer(int) bool { return true }

// AllButEvery says that every n-th layer is not meant, and all others are.
func AllButEvery(n int) func(int) bool {
	return func(layer int) bool { return (layer+1)%n != 0 }
}

// ReadUpperWindows reads the windows of families in which layers from max_window_layers on have one, and none unless
// use_sliding_window says so.
func ReadUpperWindows(f *models.Fields, layers int) []int {
	if !f.BoolOr("use_sliding_window", false) {
		return nil
	}
	from := f.IntOr("max_window_layers", 28, 0, models.MaxLayers)
	return Windows(ReadSliding(f, layers, func(i int) bool { return i >= from }), ReadWindow(f, 4096))
}
