package prune

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Options are the settings of a run. Zero values mean defaults, Pattern excepted (its zero value is
// a sparsity of 0).
type Options struct {
	Method  Method // such as adagp.New(adagp.Balanced()), or Local(wanda.Solver{})
	Pattern sparsity.Pattern

	// Allocation names how the zeros are spread over the matrices: a registered allocation, or a file
	// of shares, see [IsAllocationFile]; "" is the method's own.
	Allocation string

	Quantize *quant.Spec  // round the weights that stay to such grids; nil: do not
	Feedback local.Solver // rounds them, masks as they are, so that later columns make up for errors of earlier ones (GPTQ, arXiv 2210.17323), such as sparsegpt.Solver{}; nil: each weight to its nearest grid point

	Experts Experts // by which tokens experts are pruned

	Layers           [2]int         // decoder layers Layers[0] <= i < Layers[1] only; the zero value is all
	Include, Exclude *regexp.Regexp // on tensor names such as model.layers.0.mlp.up_proj.weight; nil: all, none
	DType            *tensor.DType  // type the weights will be written in; nil: each as it is stored now
	Seed             uint64
	Batch            int // windows per forward pass; 0: as many as keep activations small

	Memory       int64         // bytes that the process may take, see PlanRun; 0: no limit
	WholeModel   bool          // the caller holds all weights in memory meanwhile, which the plan has to count
	NoFinish     bool          // leave out the method's last step on the whole model, also of a run that is continued
	Held         int64         // bytes that the caller holds meanwhile besides, such as other texts
	InFile       bool          // hidden states go to a file even if memory has room for them
	ScratchDir   string        // where a scratch file is made if the plan needs one; "": the system's folder
	ScratchDType *tensor.DType // type of the hidden states in it, F32 or BF16; nil: F32

	Progress func(Event)  // called from the goroutine of Run; nil: none
	Log      *slog.Logger // warnings; nil: silent
}

// Sink receives the pruned tensors, in the order in which they are done. The values are already
// rounded to the type they are to be stored in.
type Sink interface {
	Put(name string, t *tensor.Tensor) error
}

// check fills in defaults and reports settings out of range.
func (o *Options) check(m *models.Model) error {
	if o.Method == nil {
		return errors.New("no method: want one in Options.Method")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.Pattern.Check(); err != nil {
		return err
	}
	n := len(m.Layers())
	if o.Layers == [2]int{} {
		o.Layers[1] = n
	}
	if a, b := o.Layers[0], o.Layers[1]; a < 0 || a >= b || b > n {
		return fmt.Errorf("layers %d:%d: want 0 <= A < B <= %d, the number of decoder layers", a, b, n)
	}
	if o.Experts.MinTokens < 0 {
		return fmt.Errorf("experts with %d tokens at least: want a positive number, or 0 for the default", o.Experts.MinTokens)
	}
	if o.Batch < 0 {
		return fmt.Errorf("batch %d: want a positive number, or 0 for the default", o.Batch)
	}
	if err := o.checkMemory(); err != nil {
		return err
	}
	if err := o.CheckQuantization(); err != nil {
		return err
	}
	if err := o.checkGrids(m); err != nil {
		return err
	}
	if o.DType != nil && *o.DType != tensor.F32 && *o.DType != tensor.F16 && *o.DType != tensor.BF16 {
		return fmt.Errorf("dtype %v: want F32, F16 or BF16", *o.DType)
	}
	return nil
}

// checkGrids refuses grids of matrices that files store the other way round.
func (o *Options) checkGrids(m *models.Model) error {
	if o.Quantize == nil {
		return nil
	}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			if v := m.View(lin.Weight); !v.Whole() {
				return fmt.Errorf("quantization: tensor %s is %s, and grids are those of rows of whole matrices stored as [out, in]: not supported", v.Tensor, v.Layout())
			}
		}
	}
	return nil
}

// selects reports whether the options include the tensor of that name.
func (o *Options) selects(name string) bool {
	return (o.Include == nil || o.Include.MatchString(name)) && (o.Exclude == nil || !o.Exclude.MatchString(name))
}

// selection returns the linear layers to prune of each decoder layer.
func (o *Options) selection(m *models.Model) ([][]*nn.Linear, error) {
	layers, total := make([][]*nn.Linear, len(m.Layers())), 0
	for i := o.Layers[0]; i < o.Layers[1]; i++ {
		for _, lin := range m.Layers()[i].Linears() {
			if o.selects(m.TensorName(lin.Weight)) {
				layers[i] = append(layers[i], lin)
				total++
			}
		}
	}
	if total == 0 {
		return nil, fmt.Errorf("no weight matrix is selected in decoder layers %d:%d", o.Layers[0], o.Layers[1])
	}
	return layers, nil
}
