package adagp

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/tune"
)

// layerMemory implements prune.Wants.LayerMemory. What is counted is what [groups] holds at the same time.
func (m *plus) layerMemory(s prune.LayerShape) (stages []prune.StagePlan) {
	halves := int64(1) // fitted to, and judged by
	var kept int64     // bytes of Hessians that wait for steps to set the matrices again, to measure the errors by
	waiting := func() prune.Part { return prune.Part{What: "Hessians of earlier matrices", Bytes: kept} }
	stage := func(name string, parts ...prune.Part) prune.StagePlan {
		return prune.NewStage(name, parts...).With(waiting())
	}
	if s.HeldOut {
		halves = 2
	}
	for _, g := range s.Groups {
		in, out, most := g.Linears[0].In(), 0, 0
		for _, l := range g.Linears {
			if s.Prunes(l) {
				out += l.Out()
				most = max(most, l.Out())
			}
		}
		if out == 0 {
			continue
		}
		square, matrix, all := prune.Float64s(in, in), prune.Float64s(most, in), prune.Float64s(out, in)
		grams, cross := halves*square, int64(0)
		switch g.Target {
		case nn.DenseOutputs:
			grams *= 2 // with those of the dense inputs
			cross = halves * all
		case nn.Residual:
			cross = halves * all
		}
		name := g.Linears[0].Name()
		observing := cross
		if g.Target == nn.DenseOutputs {
			observing = 0 // made of the sums afterwards
		}
		stages = append(stages, stage("observing "+name, prune.Part{What: "sums over tokens", Bytes: grams + observing}, s.Activations))
		sums := prune.Part{What: "sums over tokens", Bytes: halves*square + cross}
		starts := prune.Part{What: "targets", Bytes: all + matrix}
		if cross > 0 {
			stages = append(stages, stage("target of "+name, sums, starts, prune.Part{What: "normal equations", Bytes: 2*square + 3*matrix}))
		}
		// Rows are scaled in a copy, and scaled back in another.
		work := prune.WorkspaceOf(m.Solver, most, in, s.Kept) + 3*matrix
		stages = append(stages, stage("pruning "+name, sums, starts, prune.Part{What: "the solver's matrices", Bytes: max(work, 5*matrix)}))
		if len(m.Layer) > 0 {
			kept += square
		}
	}
	for _, step := range m.Layer {
		for _, work := range step.memory(s) {
			stages = append(stages, work.With(waiting()))
		}
	}
	return stages
}

// memory counts what the engine holds for a chain. Of every link those are the dense, the present and the best weights in
// float64, and those before and within the engine in float32; for the link at work the Gram matrix of its input and, in
// turns, what [refit.LeastSquares] and [refit.Fit.CG] take.
func (Alternate) memory(s prune.LayerShape) []prune.StagePlan {
	if s.Chain == nil {
		return nil
	}
	var weights, equations int64
	for _, k := range s.Chain.Links {
		rows, cols := k.Linear.Out(), k.Linear.In()
		square, matrix := prune.Float64s(cols, cols), prune.Float64s(rows, cols)
		weights += 4 * matrix
		equations = max(equations, square+max(square+3*matrix, 6*matrix))
	}
	return []prune.StagePlan{prune.NewStage("refinement of "+s.Chain.Name, prune.Part{What: "weights and products", Bytes: weights},
		prune.Part{What: "normal equations", Bytes: equations},
		prune.Part{What: "activations of a batch", Bytes: s.Batch*s.PerToken + min(chunkTokens, s.Batch)*s.PerToken/2})}
}

// memory counts gradients, what package tune knows of each weight, and the records of a window.
func (TuneLayer) memory(s prune.LayerShape) []prune.StagePlan {
	return []prune.StagePlan{prune.NewStage("tuning of a layer",
		prune.Part{What: "gradients", Bytes: 4 * s.Prunable},
		prune.Part{What: "survivors and moments", Bytes: survivorBytes(s, s.Prunable)},
		prune.Part{What: "where rows and columns begin", Bytes: 16 * edges(s)},
		prune.Part{What: "inputs of a product", Bytes: blockWindows * s.Window * widest(s)},
		prune.Part{What: "records of a window", Bytes: 3 * s.Window * s.PerToken})}
}

// survivorBytes is what package tune holds of some weights: for each that is left its value at the start, how far it
// has moved, its gradient, two moments, and what passes multiply by, row by row and column by column: seven numbers,
// and half a number for what memory that comes in pieces leaves unused; for each weight, left or not, two bits of masks and half a bit
// that says where its word begins.
func survivorBytes(s prune.LayerShape, weights int64) int64 {
	return int64(7.5*4*s.Kept*float64(weights)) + 5*weights/16
}

// edges is the number of rows and columns of the layer's pruned matrices.
func edges(s prune.LayerShape) (n int64) {
	for _, g := range s.Groups {
		for _, l := range g.Linears {
			if s.Prunes(l) {
				n += int64(l.Out() + l.In())
			}
		}
	}
	return n
}

// widest is the size of the longest input or output of a map, for one token.
func widest(s prune.LayerShape) int64 {
	most := 0
	for _, g := range s.Groups {
		for _, l := range g.Linears {
			most = max(most, l.In(), l.Out())
		}
	}
	return 4 * int64(most)
}

// finishMemory implements prune.Wants.FinishMemory: the most of what any step on the model takes.
func (m *plus) finishMemory(s prune.LayerShape) (most []prune.Part) {
	bytes := func(parts []prune.Part) (sum int64) {
		for _, p := range parts {
			sum += p.Bytes
		}
		return sum
	}
	for _, step := range m.Model {
		if parts := step.memory(s); most == nil || bytes(parts) > bytes(most) {
			most = parts
		}
	}
	return most
}

// memory counts the model and the dense one, gradients, what package tune knows of each weight, and the activations
// of a window in all layers.
func (TuneModel) memory(s prune.LayerShape) []prune.Part {
	prunable := s.Prunable * int64(s.Layers)
	return []prune.Part{
		{What: "the model and its dense copy", Bytes: 2 * 4 * s.Model},
		{What: "gradients", Bytes: 4 * prunable},
		{What: "survivors and moments", Bytes: survivorBytes(s, prunable)},
		{What: "where rows and columns begin", Bytes: 16 * edges(s) * int64(s.Layers)},
		{What: "inputs of a product", Bytes: s.Window * widest(s)},
		{What: "activations of a window in all layers", Bytes: 2 * s.Window * (s.PerToken + 4*int64(s.Hidden)) * int64(s.Layers)},
		{What: "last hidden states of the dense model", Bytes: min(4*s.Tokens*int64(s.Hidden), tune.WantedBytes)},
		{What: "logits", Bytes: 4 * 4 * s.Window * int64(s.Vocab)},
	}
}

// layerMemory implements prune.Wants.LayerMemory. The published method keeps the chain's input, its output and
// the pre-activations of every token in memory, whatever the scratch.
func (m *paper) layerMemory(s prune.LayerShape) []prune.StagePlan {
	work := func(rows, cols int) int64 { return prune.WorkspaceOf(m.Solver, rows, cols, s.Kept) }
	stages := prune.LocalMemory(s, m.Solver.Needs().Or(local.Needs{Hessian: true}), work)
	if s.Chain == nil {
		return stages
	}
	var variables, products, most, outputs int64
	for _, k := range s.Chain.Links {
		rows, cols := k.Linear.Out(), k.Linear.In()
		square, matrix := prune.Float64s(cols, cols), prune.Float64s(rows, cols)
		variables += 4 * s.Tokens * int64(rows)
		outputs += 4 * int64(rows)
		products += 3*matrix + square
		most = max(most, work(rows, cols), 4*square+2*matrix) // the latter for eigenvectors, where equations are singular
	}
	input := 4 * s.Tokens * int64(s.Hidden)
	sums := stages[0].Parts[0]
	for i := range stages {
		stages[i] = stages[i].With(prune.Part{What: "recorded inputs of all tokens", Bytes: input})
	}
	return append(stages, prune.NewStage("alternation over "+s.Chain.Name, sums,
		prune.Part{What: "inputs, outputs and pre-activations of all tokens", Bytes: input + variables},
		prune.Part{What: "weights and products", Bytes: products}, prune.Part{What: "matrices of an update", Bytes: most},
		// Of each variable what it is and was, its prediction, and the gradients of both.
		prune.Part{What: "a chunk of tokens", Bytes: min(chunkTokens, s.Tokens) * 5 * outputs}))
}
