package nn

import "github.com/adagp/adagp/autograd"

// SiLU is φ(x) = x · sigmoid(x). It has no closed-form AdaGP update.
var SiLU Activation = unary{"silu", autograd.SiLU}
