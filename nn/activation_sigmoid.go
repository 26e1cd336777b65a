package nn

import "github.com/adagp/adagp/autograd"

// Sigmoid is φ(x) = 1 / (1 + exp(-x)). It has no closed-form AdaGP update.
var Sigmoid Activation = unary{"sigmoid", autograd.Sigmoid}
