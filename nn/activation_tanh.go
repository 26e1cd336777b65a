package nn

import "github.com/adagp/adagp/autograd"

// Tanh is φ(x) = tanh(x). It has no closed-form AdaGP update.
var Tanh Activation = unary{"tanh", autograd.Tanh}
