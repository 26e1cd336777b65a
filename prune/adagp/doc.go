// Package adagp prunes a network so that its layers make up for each other's losses. It holds two
// methods: AdaGP as published, "SparseLLM: Towards Global Pruning of Pre-trained Language Models" (Bai
// et al., arXiv 2402.17946), and AdaGP+, our default, which keeps its decomposition into small problems
// with closed forms and changes what each of them is asked for.
//
// # AdaGP+
//
// Two streams of hidden states go through the layers, that of the dense network and that of the
// network pruned so far. Models declare their layers as groups of linear maps with a common input and
// what those are to reproduce (nn.Group); [SolveGroups] takes one group after the other:
//
//	observe   H = xᵀx of the inputs in the pruned network, C = yᵀx with what the outputs should be      [groups.observe]
//	target    W* = (C + μW)(H + μI)⁻¹, the weights that restore the dense signals from damaged inputs   [groups.targets]
//	prune     W* by a local solver, rows weighted by what the loss makes of them (Fisher)               [groups.solve]
//
// For q, k and v, y is the dense network's output; for the maps that end a branch of a residual stream
// it is whatever brings the stream back to its dense value, so each of them repairs what all before it
// have done; gate, up and fc1 keep their own outputs. Presets add steps with masks fixed, which [Settings]
// lists: [Fast] none, [Balanced] gradient descent on each decoder layer and on the model ([TuneLayer],
// [TuneModel]), [Best] an alternation over the feed-forward chain in front of these ([Alternate]).
//
// A network that is no language model is pruned the same way: by SolveGroups on groups of its own, or
// on those of an nn.Chain. docs/maths/adagp-plus.md derives the steps.
//
// # AdaGP
//
// Pruning a whole network, min over masks and weights of its loss, does not fit anywhere. The paper
// gives the signals inside the network lives of their own: pre-activations z_l and activations a_l
// become variables, tied to the network by penalties where it has a feed-forward block, and pinned to
// the dense network's values elsewhere:
//
//	min  β‖y − W_L a_{L−1} − b_L‖² + α Σ ‖z_l − W_l a_{l−1} − b_l‖² + γ Σ ‖a_l − φ_l(z_l)‖²
//
// over the sparse W_l and all z_l, a_l, with the block's input x = a_0 and output y given by
// calibration. Fixing all but one group of variables leaves small problems, most of which have
// closed-form solutions, so the objective is minimised by going round:
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
// result. What is not in a chain (attention) goes to the local solver alone. One engine runs this alternation and
// that of AdaGP+: variables may be recomputed instead of stored ([Options].Recompute), masks given instead of
// found ([Options].Masks).
//
// # Chains
//
// The package knows no model family. A model declares its block as an nn.Chain: links (linear maps)
// and joins (activations) between named variables. [newGraph] resolves it, [chooseUpdate] gives every
// auxiliary variable one of the rules above by looking at what reads it. For the two kinds of
// feed-forward networks that the paper treats this comes out as published:
//
//	plain   links in x→z, out a→y; join relu(z)→a.
//	        a least squares; z the better of the two branches of relu, exactly; out refitted by ten
//	        gradient steps ([PublishedOutputSteps]), as in the authors' code
//	gated   links up x→z, down a→y, gate x→s; join silu(s)⊙z→a.
//	        a least squares; z = (αm + γ silu(s) a) / (α + γ silu(s)²); s by gradient steps
//
// Links are refitted in the order of the declaration. Within a round the activations come first, then
// the pre-activations.
//
// # Departures
//
// [NewPaper] runs the schedule as published, without the accidents of the authors' code. The settings of [Options]
// that go beyond it say so: the published form breaks down where inputs are nearly rank deficient ([DefaultRidge])
// and where activations are large ([Options].Safeguard).
//
// docs/maths/adagp.md derives the updates and says what they cost.
package adagp
