// Package adagp prunes a network so that its layers make up for each other's losses. It holds two
// methods: AdaGP as published, "SparseLLM: Towards Global Pruning of Pre-trained Language Models" (Bai
// et al., arXiv 2402.17946), and AdaGP+, our default, which keeps its decomposition into small problems
// with closed forms and changes what each of them is asked for.
//
// # AdaGP+
//
// [New] makes it of [Settings], a list of steps. Two streams of hidden states go through the layers, that of the dense
// network and that of the network pruned so far. Models declare their layers as groups of linear maps with a common input
// and what those are to reproduce (nn.Group); [SolveGroups] takes one group after the other:
//
//	observe   H = xᵀx of the inputs in the pruned network, C = yᵀx with what the outputs should be      [groups.observe]
//	target    W* = (C + μW)(H + μI)⁻¹, the weights that restore the dense signals from damaged inputs   [groups.targets]
//	prune     W* by a local solver, rows weighted by what the loss makes of them (Fisher)               [groups.solve]
//
// For q, k and v, y is the dense network's output; for the maps that end a branch of a residual stream
// it is whatever brings the stream back to its dense value, so each of them repairs what all before it
// have done; gate, up and fc1 keep their own outputs. The steps behind the pruning keep to its masks: [Alternate],
// [TuneLayer], [TuneModel] or your own. docs/maths/adagp-plus.md derives them.
//
// A network that is no language model is pruned the same way: by SolveGroups on groups of its own, or
// on those of an nn.Chain.
//
// # AdaGP
//
// [NewPaper] makes the published method. The signals inside a feed-forward block, pre-activations z_l and activations a_l,
// become variables, tied to the network by penalties:
//
//	min  β‖y − W_L a_{L−1} − b_L‖² + α Σ ‖z_l − W_l a_{l−1} − b_l‖² + γ Σ ‖a_l − φ_l(z_l)‖²
//
// over the sparse W_l and all z_l, a_l, with the block's input x = a_0 and output y given by
// calibration. [Solve] goes round: with all but one group of variables fixed, most problems have closed forms.
//
//	refit weights     W_l = (z_l − b_l) a⁺_{l−1}, a regression                     [engine.refit]
//	prune weights     any local solver, on W_l and the Gram matrix of a_{l−1}      [engine.pruneWeights]
//	activations       a = (βWᵀW + γI)⁻¹ (βWᵀ(y − b) + γφ(z)), least squares        [leastSquares]
//	                  by conjugate gradients in front of convolutions and the like [conjugate]
//	pre-activations   elementwise min of α(z − m)² + γ(a − φ(z))², m = Wx + b:
//	                  in closed form where nn.Minimizer has one                    [pointwise]
//	                  steps downhill through autograd where not                    [descent]
//
// The first epoch begins with pruning the dense weights; the weights after the last pruning are the
// result. What is not in a chain (attention) goes to the local solver alone. The same engine runs the alternation of
// AdaGP+, whose variables are recomputed instead of stored ([Options].Recompute) and whose masks are given instead of
// found ([Options].Masks).
//
// The engine knows no model family. A model declares its block as an nn.Chain: links (linear maps)
// and joins (activations) between named variables. What reads a variable decides which of the rules above moves it
// ([chooseUpdate]). Links are refitted in the order of the declaration; within a round the activations come first, then
// the pre-activations. docs/maths/adagp.md derives the updates and says what they cost, and where we depart from the
// authors' code.
package adagp
