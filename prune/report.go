package prune

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/internal/version"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
)

// Report is what pruning.json holds: the settings of a run and what came of them. docs/contract.md
// explains the fields.
type Report struct {
	Format          int              `json:"format"`
	Version         string           `json:"version"`
	Method          string           `json:"method"`
	Solver          string           `json:"solver"` // local solver; the method itself when it is one
	Pattern         sparsity.Pattern `json:"pattern"`
	Hyperparameters map[string]any   `json:"hyperparameters"`
	Threads         int              `json:"threads"`
	Kernel          string           `json:"kernel"`
	Seed            uint64           `json:"seed"`
	Settings        string           `json:"settings"` // checksum over all that the result depends on, input included

	Calibration CalibrationReport `json:"calibration"`
	Allocation  string            `json:"allocation"` // how the zeros were spread over the matrices
	Layers      []LayerReport     `json:"layers"`
	Finish      []Note            `json:"finish,omitempty"`   // objectives of what was done after the last layer
	Warnings    []string          `json:"warnings,omitempty"` // parts of the method that were left out, and why
	Totals      Totals            `json:"totals"`
	Grids       string            `json:"grids,omitempty"` // the file beside the weights with the grids of rounded ones
	Perplexity  *PerplexityReport `json:"perplexity,omitempty"`

	Seconds           float64 `json:"seconds"`
	CheckpointSeconds float64 `json:"checkpoint_seconds"` // of those, to make finished work durable
	Stages            Seconds `json:"stages,omitempty"`   // what passed outside of Layers: preparing, layers that are only run, keeping what is done, the finish
	PeakRSSBytes      int64   `json:"peak_rss_bytes"`     // 0 where the system does not tell
}

// CalibrationReport says what text the run observed. [Run] fills in everything but Files.
type CalibrationReport struct {
	Files   []string `json:"files"`
	Samples int      `json:"samples"` // windows
	SeqLen  int      `json:"seqlen"`  // length of the longest window
	Tokens  int      `json:"tokens"`
	SHA256  string   `json:"sha256"` // of the token ids as little-endian int32, window after window
}

// LayerReport is the outcome of one decoder layer.
type LayerReport struct {
	Index   int            `json:"index"`
	Seconds float64        `json:"seconds"`
	Stages  Seconds        `json:"stages,omitempty"` // what Seconds went to
	Error   Number         `json:"error"`            // ‖h − h_dense‖² / ‖h_dense‖² of the layer's output, h from pruned inputs
	Tensors []TensorReport `json:"tensors"`
	// Starved are the experts that were pruned by all tokens, as too few of their own were among the calibration tokens.
	Starved []StarvedExpert `json:"starved_experts,omitempty"`
	// Objective holds what the method noted on the way, in order; tensors and error show what came of it.
	Objective []Note `json:"objective,omitempty"`
}

// StarvedExpert is an expert with few calibration tokens.
type StarvedExpert struct {
	Expert string `json:"expert"`
	Tokens int    `json:"tokens"`
}

// Note is the value of an objective after a step of an algorithm.
type Note struct {
	Step  string `json:"step"`
	Value Number `json:"value"`
}

// TensorReport is the outcome of one weight matrix.
type TensorReport struct {
	Name     string  `json:"name"`
	Shape    []int   `json:"shape"`
	Zeros    int     `json:"zeros"` // of the weights as written
	Sparsity float64 `json:"sparsity"`
	Error    Number  `json:"error"` // ‖XWᵀ − XŴᵀ‖² / ‖XWᵀ‖² on the inputs it was solved with, before Finish
	// Quantization describes the grids that the weights are on, up to the rounding of the type they are
	// written in; see Grid.
	Quantization *quant.Record `json:"quantization,omitempty"`
}

// Totals counts over the pruned matrices.
type Totals struct {
	Weights  int64   `json:"weights"`
	Zeros    int64   `json:"zeros"`
	Sparsity float64 `json:"sparsity"`
}

// PerplexityReport is filled in by whoever measures it. The mean losses, of which the perplexities are the
// exponentials, stay finite where these overflow. Both are
// infinite for a pruned model whose logits are.
type PerplexityReport struct {
	Before    Number `json:"before"`
	After     Number `json:"after"`
	BeforeNLL Number `json:"before_nll"`
	AfterNLL  Number `json:"after_nll"`
}

// newReport returns a report with the settings and the calibration windows filled in.
func newReport(o *Options, windows [][]int) *Report {
	return &Report{
		Format:          1,
		Version:         version.Exact(),
		Method:          o.Method.Describe().Name,
		Pattern:         o.Pattern,
		Hyperparameters: map[string]any{},
		Threads:         parallel.Threads(),
		Kernel:          asm.Current().String(),
		Seed:            o.Seed,
		Calibration:     calibrationReport(windows),
		Layers:          []LayerReport{},
		Stages:          Seconds{},
	}
}

func calibrationReport(windows [][]int) CalibrationReport {
	c := CalibrationReport{Files: []string{}, Samples: len(windows)}
	sum := sha256.New()
	var id [4]byte
	for _, w := range windows {
		c.SeqLen = max(c.SeqLen, len(w))
		c.Tokens += len(w)
		for _, v := range w {
			binary.LittleEndian.PutUint32(id[:], uint32(int32(v)))
			sum.Write(id[:])
		}
	}
	c.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return c
}

// describe fills in what the method says of itself, and the options that shaped the result.
// A layer record, if there is one, knows what the method has said in an earlier process.
func (r *Report) describe(o *Options, m Method, past *layerRecord) {
	if past == nil {
		past = &layerRecord{}
		past.setMethod(m.Describe())
	}
	r.Solver, r.Hyperparameters = past.Solver, past.Hyperparameters
	h := r.Hyperparameters
	h["layers"] = o.Layers
	if o.Include != nil {
		h["include"] = o.Include.String()
	}
	if o.Exclude != nil {
		h["exclude"] = o.Exclude.String()
	}
	if o.Experts.AllTokens {
		h["expert_tokens"] = "all"
	}
	if o.DType != nil {
		h["dtype"] = o.DType.String()
	}
	if q := o.Quantize; q != nil {
		h["wbits"], h["wgroup"], h["wround"] = q.Bits, q.Group, o.rounding()
	}
}

// leftOut tells the log and the report of a part of the method that is left out; what are names and values.
func (r *run) leftOut(msg string, what ...any) {
	r.options.Log.Warn(msg, what...)
	for i := 0; i+1 < len(what); i += 2 {
		sep := ": "
		if i > 0 {
			sep = ", "
		}
		msg += fmt.Sprint(sep, what[i], " ", what[i+1])
	}
	r.report.Warnings = append(r.report.Warnings, msg)
}

// add appends a finished layer and updates the totals.
func (r *Report) add(l LayerReport) {
	r.Layers = append(r.Layers, l)
	for _, t := range l.Tensors {
		r.Totals.Weights += int64(t.Shape[0]) * int64(t.Shape[1])
		r.Totals.Zeros += int64(t.Zeros)
	}
	r.Totals.Sparsity = relative(float64(r.Totals.Zeros), float64(r.Totals.Weights))
}

// relative returns num/den, where nothing relative to nothing is 0 and something relative to
// nothing is 1, so that reports stay within what JSON can hold.
func relative(num, den float64) float64 {
	switch {
	case den > 0:
		return num / den
	case num > 0:
		return 1
	default:
		return 0
	}
}
