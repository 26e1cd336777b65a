package bench

import "time"

// minSample is many ticks of the clock, and yet likely to be over before another program gets the
// core.
const minSample = time.Millisecond

// sizes are the sizes of everything that is measured.
type sizes struct {
	rounds int           // samples of everything, at least one
	sample time.Duration // how long a sample lasts at least, see minSample
	budget time.Duration // of a stage, after which no further round starts

	memory   int // elements of a matrix in memory, or of several that take turns; more than fit a cache
	products []Product
	gram     [2]int // rows and columns of X
	vectors  [][2]int
	packed   packedSize
	factors  []int
	matrix   int // rows and columns of the pruned matrix
	chain    chainSize
	forward  forwardSize
}

type chainSize struct{ hidden, intermediate, tokens int }

type forwardSize struct{ layers, hidden, intermediate, heads, vocab, tokens int }

// fullSizes are cubes, and the widths of models from 125 million weights (768, 3072) to 7 billion (4096, 11008).
var fullSizes = sizes{
	rounds: 9,
	sample: minSample,
	budget: 8 * time.Second,
	memory: 128 << 20,
	products: []Product{
		{M: 512, N: 512, K: 512, Trans: "NN"},
		{M: 1024, N: 1024, K: 1024, Trans: "NN"},
		{M: 2048, N: 2048, K: 2048, Trans: "NN"},
		{M: 2048, N: 3072, K: 768, Trans: "NT"},
		{M: 2048, N: 768, K: 3072, Trans: "NT"},
		{M: 2048, N: 5504, K: 2048, Trans: "NT"},
	},
	gram:    [2]int{4096, 1024},
	vectors: [][2]int{{4096, 4096}, {11008, 4096}, {4096, 11008}},
	packed:  packedSize{decode: [2]int{4096, 4096}, prompt: [2]int{2048, 2048}, tokens: 512, zeros: []float64{0.5, 0.7, 0.8, 0.9}},
	factors: []int{512, 1024, 2048},
	matrix:  2048,
	chain:   chainSize{hidden: 256, intermediate: 1024, tokens: 4096},
	forward: forwardSize{layers: 12, hidden: 768, intermediate: 3072, heads: 12, vocab: 50272, tokens: 2048},
}

// quickSizes show whether everything works and roughly how fast.
var quickSizes = sizes{
	rounds: 3,
	sample: minSample,
	budget: time.Second / 2,
	memory: 16 << 20,
	products: []Product{
		{M: 256, N: 256, K: 256, Trans: "NN"},
		{M: 512, N: 512, K: 512, Trans: "NN"},
		{M: 512, N: 768, K: 192, Trans: "NT"},
		{M: 512, N: 192, K: 768, Trans: "NT"},
		{M: 512, N: 1376, K: 512, Trans: "NT"},
	},
	gram:    [2]int{1024, 256},
	vectors: [][2]int{{2048, 2048}},
	packed:  packedSize{decode: [2]int{1024, 1024}, prompt: [2]int{512, 512}, tokens: 128, zeros: []float64{0.5, 0.8}},
	factors: []int{128, 256, 512},
	matrix:  512,
	chain:   chainSize{hidden: 64, intermediate: 256, tokens: 512},
	forward: forwardSize{layers: 2, hidden: 384, intermediate: 1536, heads: 6, vocab: 1024, tokens: 256},
}
