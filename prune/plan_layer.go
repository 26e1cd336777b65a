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
	perToken             int64 // bytes of the inputs and outputs of a layer's linear maps
	embed, head          int64 // parameters
	layer, layerPrunable int64 // parameters of the largest layer
	prunable, parameters int64 // of the whole model
	loaded               int64 // bytes of values that the caller has loaded, or will
	heldOut              bool
}

func (r *run) count(batches [][][]int) counts {
	m := r.model
	c := counts{hidden: m.Config().HiddenSize, layers: len(m.Layers()), perToken: int64(tokenBytes(m)),
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
	for i, l := range m.Layers()[:r.at.Layers] {
		c.layer = max(c.layer, nn.Count(l.Walk))
		n := int64(0)
		for _, lin := range r.selected[i] {
			n += int64(lin.Weight.Len())
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

// gradients counts what [Dense.Backward] keeps for its way back, and what it records on it, or, for all layers,
// before.
func (c counts) gradients() (kept, records Part, all bool) {
	hidden, n := 4*int64(c.hidden), int64(c.layers)
	tokens := func(bytes, perToken int64) int64 { return max(c.longest, bytes/perToken) }
	if room := (int64(keptBytes) - 4*c.parameters) / n * 2 / 3; room >= c.longest*c.perToken {
		batch := min(c.batch, tokens(room, c.perToken))
		return Part{"hidden states of a batch", 2 * hidden * batch}, Part{"the model, and records of all layers", 4*c.parameters + 3*n*c.perToken*batch/2}, true
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
	Groups     []nn.Group // of the largest decoder layer
	Chain      *nn.Chain  // of that layer; nil: none
	Prunes     func(*nn.Linear) bool
	Parameters int64 // of the layer
	Prunable   int64 // of those, in the layer
	Hidden     int
	HeldOut    bool    // some windows judge
	Tokens     int64   // of all windows
	Batch      int64   // of the largest batch
	Window     int64   // of the longest window
	PerToken   int64   // bytes of the inputs and outputs of the layer's linear maps
	Kept       float64 // share of the weights that survive
	Layers     int
	Model      int64 // parameters of the model
	Vocab      int
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
		PerToken: c.perToken, Kept: 1 - r.options.Pattern.Sparsity, Layers: c.layers, Model: c.parameters, Vocab: r.model.Config().VocabSize}
}

// Workspace is a Solver that says how much memory it takes for a matrix of that shape beside the
// problem, in bytes. [WorkspaceOf] guesses for others.
type Workspace interface {
	Workspace(rows, cols int) int64
}

// WorkspaceOf returns the bytes that a solver takes for a matrix [rows, cols] beside the problem.
func WorkspaceOf(s local.Solver, rows, cols int) int64 {
	if w, ok := s.(Workspace); ok {
		return w.Workspace(rows, cols)
	}
	n := 6 * Float64s(rows, cols)
	if s.Needs().Hessian {
		n += 4 * Float64s(cols, cols) // damped, factored, inverted, and on the way
	}
	return n
}

// Float64s is the size of a float64 matrix in bytes.
func Float64s(rows, cols int) int64 { return 8 * int64(rows) * int64(cols) }

// streams is how many copies of the hidden states of all tokens there are at one time: those that enter
// and leave a layer in both networks, and what AdaGP+ keeps of each.
func (c counts) streams(m Method) int64 {
	if _, ok := m.(*localMethod); ok {
		return 4
	}
	return 5
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
			// The problem's weights, the solution's, and three of that size to measure the error.
			n := max(Float64s(lin.Out(), lin.In())*2+work(lin.Out(), lin.In()), 5*Float64s(lin.Out(), lin.In()))
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
	return []StagePlan{
		newStage("calibration of a layer", total, Part{"activations of a batch", s.Batch * s.PerToken}),
		newStage(fmt.Sprintf("pruning %s", worst), total, Part{"the solver's matrices", most}),
	}
}
