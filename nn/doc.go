// Package nn holds the named layers of transformer language models.
//
// A layer is a plain struct of Params and sizes with a Forward method. Forward runs the same code
// for training and for inference: the Context says which. With a tape, operations are recorded and
// Backward fills the Grad of every Param that has one; without a tape, only values are computed.
// Activations are row-major [tokens, width], where tokens is batch · Context.SeqLen and the
// sequences of a batch follow each other.
//
// Params carry their full Hugging Face name and are walked, not reflected upon: every layer has
// Walk(visit func(*Param)). A Param may be without values (nil) until a checkpoint fills it, so that
// a model larger than the memory can be walked, checked and loaded layer by layer.
//
// A Chain declares the linear maps and non-linearities that AdaGP solves together, and an
// Activation may offer the closed forms (Minimizer) that make its auxiliary updates exact. An Operator around
// the weights of a link makes it a convolution, or another linear map.
//
// Shapes that do not fit are mistakes of the caller and panic with *tensor.ShapeError.
package nn
