// Package optim steps our parameters with spago's optimisers: Adam, AdamW,
// RAdam, LAMB and SGD, its gradient clipping, and its learning rate schedules.
// The update rules are spago's; this package shows them our storage, and does
// Adam's arithmetic in one pass, to the same bits.
//
// Nothing is copied. A parameter's values and gradient appear to spago as
// matrices over the same slices, see ToSpago, so that a step writes straight
// into the model. The optimiser's own state is spago's: for Adam two moments, of
// the size of the parameter each.
//
// Masks are the caller's: a step moves every element, so a pruned model sets
// its zeros again after each one. With a masked gradient the rules without
// weight decay leave weights whose gradients were always 0 where they are.
package optim
