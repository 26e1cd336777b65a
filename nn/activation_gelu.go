package nn

import "github.com/adagp/adagp/autograd"

// GELU is the exact form φ(x) = x Φ(x), with the normal distribution function through erf
// (Hendrycks and Gimpel 2016). It has no closed-form AdaGP update.
var GELU Activation = unary{"gelu", autograd.GELU}

// GELUTanh is the approximation of GELU with tanh. It has no closed-form AdaGP update.
var GELUTanh Activation = unary{"gelu_new", autograd.GELUTanh}
