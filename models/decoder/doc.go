// Package decoder is the decoder-only transformer that all model families share.
//
// A family is a declaration: a [Spec] that says which norms stand where, how queries, keys and values are
// stored, where positions come from, what the feed-forward block is, and what the tensors are called. From
// it follow the forward pass, with a tape or without, with caches or without; the linear maps in groups that
// share an input, and what each is to reproduce when it is pruned; the chain that AdaGP refines; and what
// has to be removed together for the model to become smaller ([Layer.Cuts]).
//
// A family's package reads config.json into a Spec and calls [Register]; it has no other code. What a Spec
// can say and this package cannot do yet is refused with an [UnsupportedError].
package decoder
