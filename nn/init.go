package nn

import (
	"math"
	"math/rand/v2"

	"github.com/adagp/adagp/tensor"
)

// InitNormal gives a parameter values from a normal distribution with mean 0, one after the other from rng.
func InitNormal(p *Param, deviation float64, rng *rand.Rand) {
	p.Set(tensor.New(p.Shape...))
	for i := range p.Value().Data() {
		p.Value().Data()[i] = float32(rng.NormFloat64() * deviation)
	}
}

// InitHe is InitNormal for a matrix [out, in] in front of a rectifier: the variance 2/in keeps signals of one
// size through any number of layers (He et al. 2015, equation 10).
func InitHe(p *Param, rng *rand.Rand) {
	InitNormal(p, math.Sqrt(2/float64(p.Shape[len(p.Shape)-1])), rng)
}

// InitXavier gives a matrix [out, in] values that are uniform within ±√(6/(in+out)), for activations that are
// linear around 0 (Glorot and Bengio 2010, equation 16).
func InitXavier(p *Param, rng *rand.Rand) {
	out, in := p.Shape[0], p.Shape[len(p.Shape)-1]
	bound := math.Sqrt(6 / float64(in+out))
	p.Set(tensor.New(p.Shape...))
	for i := range p.Value().Data() {
		p.Value().Data()[i] = float32((2*rng.Float64() - 1) * bound)
	}
}

// InitConstant gives all elements of a parameter one value, such as 1 for the weights of a norm.
func InitConstant(p *Param, v float32) {
	p.Set(tensor.New(p.Shape...))
	p.Value().Fill(v)
}
