// Package alps prunes under a constraint on the number of weights, by the alternating direction
// method of multipliers with a rising penalty: "ALPS: Improved Optimization for Highly Sparse One-Shot
// Pruning for Large Language Models" (Meng, Behdin, Wang, Mazumder, 2024).
//
// With the columns normalised, T = W·diag(d) and A = (H + damping)_ij/(d_i·d_j), d_j² = (H + damping)_jj,
// the problem is to bring B close to T while a copy D of it has at most k weights that are not zero
// (equation 1 of the paper, here with layer scope or N:M):
//
//	minimise ½·tr((B−T)·A·(B−T)ᵀ)    subject to B = D,    D sparse
//
// With multipliers V and penalty ρ its iteration is (equation 4)
//
//	B = (T·A − V + ρ·D)·(A + ρ·I)⁻¹        D = top(B + V/ρ)        V += ρ·(B − D)
//
// where top keeps the largest absolute values. Writing S = B + V/ρ, the new V is ρ·S where D is zero, and
// zero where D keeps S: one matrix and the mask hold both.
//
// A small penalty searches among masks, a large one settles. The paper's rule for raising it looks at
// how many entries of the mask have changed every third iteration (its equation 5): many, ρ grows by
// 1.3; some, by 1.2; a few, by 1.1; none, and the search is over. When nearly nothing moves from the
// start, ρ was too large already and is divided by 5 instead. A = Q·diag(λ)·Qᵀ is decomposed once, so that
// every penalty's inverse is one product, Q·diag(1/(λ+ρ))·Qᵀ.
//
// The mask found is top(B), and ten steps of conjugate gradients on it, from B, finish the weights
// (algorithm 2 of the paper; see prune/refit).
//
// The work is about 10·in³ for the decomposition, in³ per penalty and out·in² per iteration, of which it
// takes 30 to 100. Inputs that are always zero get zero weights. With a fixed mask (Problem.Keep) only the
// conjugate gradients are left.
package alps
