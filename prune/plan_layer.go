package prune

import (
	"fmt"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
)

// counts are the sizes that a plan is made of, in numbers unless it says bytes.
type counts struct {
	hidden, layers       int
	tokens               int64 // of all windows
	batch, longest       int64 // tokens of the largest batch and of the longest window
	networks             int64 // whose hidden states differ: the pruned one, and behind the first layer the dense one
	perToken             int64 // bytes of the inputs and outputs of a layer's linear maps
	embed, head          int64 // parameters
	layer, layerPrunable int64 // parameters of the largest layer
	prunable, parameters int64 // of the whole model
	loaded               int64 // bytes of values that the caller has loaded, or will
	widest, outputs      int64 // weights of the largest matrix that is pruned, and the most outputs of one
	heldOut              bool
}

func (r *run) count(batches [][][]int) counts {
	m := r.model
	c := counts{hidden: m.Config().HiddenSize, layers: len(m.Layers()), networks: 1, perToken: int64(tokenBytes(m)),
		embed: nn.Count(m.EmbedWalk), head: nn.Count(m.HeadWalk), parameters: nn.Count(m.Walk)}
	windows := 0
	for _, b := range batches {
		n := int64(tokensOf(b))
		c.tokens += n
		c.batch = max(c.batch, n)
		c.longest = max(c.longest, int64(len(b[0])))
		windows += len(b)
	}
	c.heldOut = heldOut(windows) > 0
	if r.at.Layers > 1 {
		c.networks = 2
	}
	for i, l := range m.Layers()[:r.at.Layers] {
		c.layer = max(c.layer, nn.Count(l.Walk))
		n := int64(0)
		for _, lin := range r.selected[i] {
			n += int64(lin.Weight.Len())
			c.widest, c.outputs = max(c.widest, int64(lin.Weight.Len())), max(c.outputs, int64(lin.Out()))
		}
		c.layerPrunable = max(c.layerPrunable, n)
		c.prunable += n
	}
	for _, p := range nn.Params(m.Walk) {
		if p.Loaded() || r.options.WholeModel {
			c.loaded += 4 * int64(p.Len())
		}
	}
	return c
}

// activations is what a forward pass of a batch through a layer holds: beside the inputs and outputs of linear maps, of
// which some share their inputs, what norms, rotations and sums make.
func (c counts) activations() Part {
	return Part{"activations of a batch", c.batch * (c.perToken + 4*int64(c.hidden))}
}

// PreparePlan is what [Wants.Prepare] takes before the first layer is pruned.
type PreparePlan struct {
	Backward  []Part // what it holds while it calls [Dense.Backward]; nil: it does not
	PerWindow bool   // it does so window by window
	Stages    []StagePlan
}

// preparePlan asks the method.
func (r *run) preparePlan(c counts) PreparePlan {
	switch {
	case r.wants.Prepare == nil:
		return PreparePlan{}
	case r.wants.PrepareMemory == nil:
		return PreparePlan{Backward: []Part{}}
	}
	return r.wants.PrepareMemory(c.shape(r))
}

// gradientStages are those of [Dense.Backward], for an allocation, for Fisher weights, or for the method itself.
func (r *run) gradientStages(c counts, prepares PreparePlan) []StagePlan {
	fisher := r.wants.Fisher || r.report.Allocation == "fisher"
	if !fisher && prepares.Backward == nil {
		return nil
	}
	if !fisher && prepares.PerWindow {
		c.batch = c.longest
	}
	kept, records, all := c.gradients()
	logits := Part{"logits", 4 * 4 * c.headLogits(r.model.Config().VocabSize)}
	if all {
		return []StagePlan{NewStage("gradients of the dense model", append([]Part{kept, records, logits}, prepares.Backward...)...)}
	}
	return []StagePlan{
		NewStage("gradients of the dense model", append([]Part{{"weights of a layer", 4 * c.layer}, kept, records}, prepares.Backward...)...),
		NewStage("gradients of the head", append([]Part{{"weights of the head", 4 * c.head}, kept, logits}, prepares.Backward...)...),
	}
}

// gradients counts what [Dense.Backward] keeps for its way back, and what it records on it, or, for all layers,
// before.
func (c counts) gradients() (kept, records Part, all bool) {
	hidden, n := 4*int64(c.hidden), int64(c.layers)
	tokens := func(bytes, perToken int64) int64 { return max(c.longest, bytes/perToken) }
	if room := (int64(keptBytes) - 4*c.parameters) / n * 2 / 3; room >= c.longest*c.perToken {
		batch := min(c.batch, tokens(room, c.perToken))
		return Part{"hidden states of a batch", 2 * hidden * batch}, Part{"the model, and records of all layers", 4*c.parameters + 2*n*c.perToken*batch}, true
	}
	batch := min(c.batch, tokens(tapeBytes, c.perToken))
	return Part{"hidden states of all layers", hidden * (n + 1) * min(c.tokens, max(batch, tokens(int64(keptBytes), hidden*(n+1))))}, Part{"records of a layer", 2 * c.perToken * batch}, false
}

// headLogits counts the logits that headGradient makes at a time.
func (c counts) headLogits(vocab int) int64 {
	v := int64(max(1, vocab))
	return v * min(c.batch, max(1, int64(headLogits)/v))
}

// LayerShape is what a method needs to know to say how much memory it takes.
type LayerShape struct {
	Groups      []nn.Group // of the largest decoder layer
	Chain       *nn.Chain  // of that layer; nil: none
	Prunes      func(*nn.Linear) bool
	Parameters  int64 // of the layer
	Prunable    int64 // of those, in the layer
	Hidden      int
	HeldOut     bool    // some windows judge
	Tokens      int64   // of all windows
	Batch       int64   // of the largest batch
	Window      int64   // of the longest window
	PerToken    int64   // bytes of the inputs and outputs of the layer's linear maps
	Activations Part    // of a forward pass of a batch
	Kept        float64 // share of the weights that survive
	Structured  bool    // of every few weights so many
	Widest      int64   // weights of the largest matrix
	Layers      int
	Model       int64 // parameters of the model
	Vocab       int
}

func (c counts) shape(r *run) LayerShape {
	largest, n := 0, int64(-1)
	for i, linears := range r.selected {
		size := int64(0)
		for _, lin := range linears {
			size += int64(lin.Weight.Len())
		}
		if size > n {
			largest, n = i, size
		}
	}
	chosen := map[*nn.Linear]bool{}
	for _, lin := range r.selected[largest] {
		chosen[lin] = true
	}
	l := r.model.Layers()[largest]
	return LayerShape{Groups: l.Groups(), Chain: l.Chain(), Prunes: func(lin *nn.Linear) bool { return chosen[lin] },
		Parameters: c.layer, Prunable: c.layerPrunable, Hidden: c.hidden, HeldOut: c.heldOut, Tokens: c.tokens, Batch: c.batch, Window: c.longest,
		PerToken: c.perToken, Activations: c.activations(), Kept: 1 - r.options.Pattern.Sparsity, Structured: r.options.Pattern.Structured(), Widest: c.widest, Layers: c.layers, Model: c.parameters, Vocab: r.model.Config().VocabSize}
}

// Workspace is a Solver that says how much memory it takes for a matrix of that shape, of which it keeps a share
// kept, beside the problem, in bytes. [WorkspaceOf] guesses for others.
type Workspace interface {
	Workspace(rows, cols int, kept float64) int64
}

// WorkspaceOf returns the bytes that a solver takes for a matrix [rows, cols] beside the problem.
func WorkspaceOf(s local.Solver, rows, cols int, kept float64) int64 {
	if w, ok := s.(Workspace); ok {
		return w.Workspace(rows, cols, kept)
	}
	if !s.Needs().Hessian {
		return 2*Float64s(rows, cols) + 2*MaskBytes(rows, cols) // scores, and the weights that stay
	}
	return 6*Float64s(rows, cols) + 4*Float64s(cols, cols) // of the latter damped, factored, inverted, and on the way
}

// MaskBytes is the size of a [Mask].
func MaskBytes(rows, cols int) int64 { return 8 * int64(rows) * int64((cols+63)/64) }

// Float64s is the size of a float64 matrix in bytes.
func Float64s(rows, cols int) int64 { return 8 * int64(rows) * int64(cols) }

// streams is how many copies of the hidden states of all tokens there are while a method is at work on a layer:
// those that enter it in each network and those that leave the dense one, and what AdaGP+ keeps of both.
func (c counts) streams(m Method) int64 {
	if _, ok := m.(*localMethod); ok {
		return c.networks + 1
	}
	return c.networks + 3
}

// layerStages asks the method.
func (r *run) layerStages(c counts) []StagePlan {
	s := c.shape(r)
	if r.wants.LayerMemory != nil {
		return r.wants.LayerMemory(s)
	}
	return LocalMemory(s, local.Needs{Hessian: true}, func(rows, cols int) int64 { return 4*Float64s(cols, cols) + 6*Float64s(rows, cols) })
}

// LocalMemory is what a method takes that observes the inputs of all matrices in one pass and then
// prunes one after the other.
func LocalMemory(s LayerShape, needs local.Needs, work func(rows, cols int) int64) []StagePlan {
	var sums, most int64
	var worst string
	for _, g := range s.Groups {
		observed := false
		for _, lin := range g.Linears {
			if !s.Prunes(lin) {
				continue
			}
			observed = true
			// The problem's weights beside what the solver takes; and, with a Hessian to measure the error by, the
			// dense weights, the pruned ones, and the difference.
			n := Float64s(lin.Out(), lin.In()) + work(lin.Out(), lin.In())
			if needs.Hessian {
				n = max(n, 3*Float64s(lin.Out(), lin.In()))
			}
			if n > most {
				most, worst = n, lin.Name()
			}
		}
		if observed && needs.Hessian {
			in := g.Linears[0].In()
			sums += Float64s(in, in)
		}
	}
	total := Part{"sums over tokens", sums}
	calibration := NewStage("calibration of a layer", total, s.Activations)
	calibration.dense = true
	return []StagePlan{
		calibration,
		NewStage(fmt.Sprintf("pruning %s", worst), total, Part{"the solver's matrices", most}),
	}
}
