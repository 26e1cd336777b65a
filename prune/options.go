package prune

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

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
	Method  string // registered method or solver; "" is DefaultMethod
	Solver  string // local solver inside the method; "" is the method's default
	Pattern sparsity.Pattern

	// Allocation names how the zeros are spread over the matrices: a registered allocation, or a file
	// of shares, see [IsAllocationFile]; "" is the method's own.
	Allocation string

	// Settings of AdaGP; see MethodOptions.
	Preset             string
	Paper              bool
	Epochs             int
	Alpha, Beta, Gamma float64
	Ridge              float64

	// Settings of the local solver; see SolverOptions.
	BlockSize int
	DampFrac  float64

	Quantize *quant.Spec // round the weights that stay to such grids; nil: do not
	Rounding string      // how, one of Roundings; "": by what the method observes, see StatisticsUser

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

// DefaultMethod is the method used when none is named.
const DefaultMethod = "adagp"

// Sink receives the pruned tensors, in the order in which they are done. The values are already
// rounded to the type they are to be stored in.
type Sink interface {
	Put(name string, t *tensor.Tensor) error
}

// check fills in defaults and reports settings out of range, and weights that cannot be pruned.
func (o *Options) check(m *models.Model) error {
	if err := nn.RefuseStored(m.Walk); err != nil {
		return err
	}
	if o.Method == "" {
		o.Method = DefaultMethod
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
	for _, v := range []struct {
		name  string
		value float64
	}{{"alpha", o.Alpha}, {"beta", o.Beta}, {"gamma", o.Gamma}, {"damping", o.DampFrac}, {"epochs", float64(o.Epochs)},
		{"block size", float64(o.BlockSize)}, {"batch", float64(o.Batch)}} {
		if !(v.value >= 0) || v.value > 1e300 {
			return fmt.Errorf("%s %v: want a positive number, or 0 for the default", v.name, v.value)
		}
	}
	if err := o.checkMemory(); err != nil {
		return err
	}
	if o.Preset != "" && !slices.Contains(Presets, o.Preset) {
		return fmt.Errorf("preset %q: want one of %s", o.Preset, strings.Join(Presets, ", "))
	}
	if o.Ridge-o.Ridge != 0 {
		return fmt.Errorf("ridge %v: want a finite number", o.Ridge)
	}
	if err := o.CheckQuantization(); err != nil {
		return err
	}
	if o.DType != nil && *o.DType != tensor.F32 && *o.DType != tensor.F16 && *o.DType != tensor.BF16 {
		return fmt.Errorf("dtype %v: want F32, F16 or BF16", *o.DType)
	}
	return nil
}

// method builds the method and the solver that the options name.
func (o *Options) method() (Method, error) {
	so := local.SolverOptions{Seed: o.Seed, BlockSize: o.BlockSize, DampFrac: o.DampFrac}
	mo := MethodOptions{SolverName: o.Solver, SolverOptions: so, Preset: o.Preset, Paper: o.Paper, Epochs: o.Epochs,
		Alpha: o.Alpha, Beta: o.Beta, Gamma: o.Gamma, Ridge: o.Ridge, Seed: o.Seed, Quantized: o.Quantize != nil}
	if o.Solver != "" {
		s, err := NewSolver(o.Solver, so)
		if err != nil {
			return nil, err
		}
		mo.Solver = s
	}
	return NewMethod(o.Method, mo)
}

// CheckMethod reports whether there is a method of the name, and whether it takes the other settings of
// the options that are meant for it.
func (o Options) CheckMethod() error {
	_, err := o.method()
	return err
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
