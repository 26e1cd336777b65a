// Package adagp prunes a feed-forward block as one problem instead of one matrix at a time: AdaGP,
// published as "SparseLLM: Towards Global Pruning of Pre-trained Language Models" (Bai et al.,
// arXiv 2402.17946).
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
//	refit weights     W_l = (z_l − b_l) a⁺_{l−1}, a regression                     [engine.refitWeights]
//	prune weights     any local solver, on W_l and the Gram matrix of a_{l−1}      [engine.pruneWeights]
//	activations       a = (βWᵀW + γI)⁻¹ (βWᵀ(y − b) + γφ(z)), least squares        [leastSquares]
//	pre-activations   elementwise min of α(z − m)² + γ(a − φ(z))², m = Wx + b:
//	                  in closed form where nn.Minimizer has one                    [pointwise]
//	                  two gradient steps through autograd where not                [descent]
//
// The first epoch begins with pruning the dense weights; the weights after the last pruning are the
// result. What is not in a chain (attention) goes to the local solver alone.
//
// # Chains
//
// The package knows no model family. A model declares its block as an nn.Chain: links (linear maps)
// and joins (activations) between named variables. [newGraph] resolves it, [chooseUpdate] gives every
// auxiliary variable one of the rules above by looking at what reads it. For the two families that
// the paper treats this comes out as published:
//
//	OPT     links fc1 x→z, fc2 a→y; join relu(z)→a.
//	        a least squares; z the better of the two branches of relu, exactly; fc2 refitted by ten
//	        gradient steps (Link.GradientSteps), as in the authors' code
//	LLaMA   links up x→z, down a→y, gate x→s; join silu(s)⊙z→a.
//	        a least squares; z = (αm + γ silu(s) a) / (α + γ silu(s)²); s by gradient steps
//
// Links are refitted in the order of the declaration. Within a round the activations come first, then
// the pre-activations.
//
// # Departures
//
// MethodOptions.Paper runs the schedule as published. Without it two things are different, because
// the published form breaks down on real layers: regressions get a ridge of 0.01 of the mean diagonal
// ([DefaultRidge]; inputs behind a LayerNorm are nearly rank deficient and the pseudo-inverse amplifies
// noise), and gradient steps that would raise the objective are shortened or dropped
// ([Options.Safeguard]; a fixed step length diverges where activations are large, which the authors'
// code meets by doing a single epoch in three hand-picked layers). Neither form repeats that code's
// accidents: that exception for decoder layers 1, 30 and 31, the damping that piles up in the stored
// Hessian, and the one weight too many per block.
//
// docs/maths/adagp.md derives the updates and says what they cost.
package adagp
