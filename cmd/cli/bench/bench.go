// Package bench measures this machine: what its cores and its memory can do at most, and how much of
// that the kernels, the factorisations, the pruning steps and a forward pass reach.
//
// Every figure comes from the median of several calls. The calls of a stage are interleaved, round
// after round, with those of the yardstick they are held against (multiply-adds in registers, reading
// memory, the plain product), so that another program on the machine slows both alike. Time is wall
// time, work what the mathematics asks for: a product [m, k]·[k, n] is 2·m·n·k operations.
package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// Options are the settings of [Run]. Threads and kernel level are the process's own.
type Options struct {
	Quick bool   // small sizes and few rounds: seconds instead of a minute
	Seed  uint64 // of the random operands
	// CPUTime counts the processor time of the process instead of wall time, which tells more on a busy
	// machine. It takes one thread and a system that keeps count.
	CPUTime  bool
	Progress func(Event) // told about every call that is finished; nil: nobody
}

// Event says how far [Run] is.
type Event struct {
	Stage        string // what is being measured
	Index, Total int    // of the stage, from 0
	Share        float64
}

// Result is what was measured. Its JSON is that of docs/contract.md.
type Result struct {
	Kernel   string    `json:"kernel"`
	Threads  int       `json:"threads"`
	Quick    bool      `json:"quick"`
	CPUTime  bool      `json:"cpu_time"`      // see Options
	Peak     float64   `json:"peak_gflops"`   // of float32 multiply-adds in registers
	Peak64   float64   `json:"peak64_gflops"` // of float64 ones
	Read     float64   `json:"read_gbps"`     // from memory
	Products []Product `json:"sgemm"`
	Packed   []Packed  `json:"packed"`
	Gram     Gram      `json:"gram"`
	Vectors  []Vector  `json:"gemv"`
	Factors  []Factor  `json:"cholesky"`
	Steps    []Step    `json:"steps"`
	Forward  Forward   `json:"forward"`
	// CPUShare is how much of its threads' time the process really ran during the products: well below
	// 1 on a machine that had other things to do, whose figures mean little. 0: unknown.
	CPUShare float64 `json:"cpu_share"`
	Seconds  float64 `json:"seconds"` // of the whole run
}

// Product is op(A)·op(B) in float32, [m, k]·[k, n].
type Product struct {
	M      int     `json:"m"`
	N      int     `json:"n"`
	K      int     `json:"k"`
	Trans  string  `json:"trans"` // "NN", "NT": B is stored transposed, or "TN": A is
	GFLOPS float64 `json:"gflops"`
	OfPeak float64 `json:"of_peak"`
}

// Gram is XᵀX for X [rows, cols] beside the product of Xᵀ with another matrix of the size of X.
type Gram struct {
	Rows      int     `json:"rows"`
	Cols      int     `json:"cols"`
	Seconds   float64 `json:"seconds"`
	OfProduct float64 `json:"of_product"` // its time as a share of the product's
}

// Vector is a matrix [rows, cols] that comes from memory times a vector.
type Vector struct {
	Rows        int     `json:"rows"`
	Cols        int     `json:"cols"`
	DType       string  `json:"dtype"` // of the matrix, as in safetensors
	GBPS        float64 `json:"gbps"`  // bytes of the matrix
	OfBandwidth float64 `json:"of_bandwidth"`
}

// Factor is the upper triangular factor of the inverse of a positive definite matrix [n, n] in
// float64, what SparseGPT needs: a Cholesky factor and its inverse, 2/3·n³ operations.
type Factor struct {
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"`
	GFLOPS  float64 `json:"gflops"`
	OfPeak  float64 `json:"of_peak"` // of the float64 peak
}

// Step is the pruning of one matrix [rows, cols] to 50 %, once its statistics are known; for adagp an
// epoch over the chain of a matrix [rows, cols], ReLU, and one of the transposed size.
type Step struct {
	Method  string  `json:"method"`
	Rows    int     `json:"rows"`
	Cols    int     `json:"cols"`
	Seconds float64 `json:"seconds"`
}

// Forward is the forward pass of a model with random weights over one window of text.
type Forward struct {
	Layers    int     `json:"layers"`
	Hidden    int     `json:"hidden"`
	Vocab     int     `json:"vocab"`
	Tokens    int     `json:"tokens"`
	Seconds   float64 `json:"seconds"`
	TokensPer float64 `json:"tokens_per_second"`
	GFLOPS    float64 `json:"gflops"`
	// OfProducts is the time that the operations of all its matrix products take at the speed of a
	// linear layer's, as a share of the time taken.
	OfProducts float64 `json:"of_gemm"`
}

// Run measures everything. It returns ctx's error soon after ctx is cancelled, though not before the
// call that is being timed has returned.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Quick {
		return measureAll(ctx, quickSizes, o)
	}
	return measureAll(ctx, fullSizes, o)
}

func measureAll(ctx context.Context, s sizes, o Options) (*Result, error) {
	start := time.Now()
	r := &run{ctx: ctx, o: o, sizes: s, now: wallClock(), res: &Result{
		Kernel: asm.Current().String(), Threads: parallel.Threads(), Quick: o.Quick, CPUTime: o.CPUTime,
	}}
	if o.CPUTime {
		if parallel.Threads() > 1 {
			return nil, fmt.Errorf("processor time on %d threads: want 1 thread", parallel.Threads())
		}
		if cpuTime() == 0 {
			return nil, fmt.Errorf("processor time: this system does not count it")
		}
		r.now = cpuTime
	}
	r.peak, r.peak64 = peakSeries()
	stages := []struct {
		name string
		do   func() error
	}{
		{"multiply-adds in registers", r.measurePeak},
		{"memory and products with vectors", r.measureMemory},
		{"products with stored weights", r.measurePacked},
		{"products of matrices", r.measureProducts},
		{"gram matrix", r.measureGram},
		{"factorisations", r.measureFactors},
		{"pruning steps", r.measureSteps},
		{"forward pass", r.measureForward},
	}
	for i, s := range stages {
		r.event = Event{Stage: s.name, Index: i, Total: len(stages)}
		r.done, r.parts = 0, 1
		r.progress(0)
		if err := s.do(); err != nil {
			return nil, fmt.Errorf("measure %s: %w", s.name, err)
		}
		r.progress(1)
	}
	r.setPeak()
	r.res.Seconds = time.Since(start).Seconds()
	return r.res, nil
}

// run is the state of one Run.
type run struct {
	ctx   context.Context
	o     Options
	sizes sizes
	now   clock
	event Event
	res   *Result

	done, parts int // measurements of the stage, where there are several

	peak, peak64 *series
}

func (r *run) progress(share float64) {
	if r.o.Progress != nil {
		r.event.Share = share
		r.o.Progress(r.event)
	}
}
