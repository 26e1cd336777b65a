package packed

import "github.com/adagp/adagp/tensor"

// widenedMatrix is a matrix whose products widen the weights, whatever the number of tokens.
type widenedMatrix struct {
	Matrix
	product product
}

// Widened returns m with products that are those of its float32 copy to the last bit: some rows at a time are
// widened and multiplied. The products of m itself take the fastest way for the number of tokens, which may add in
// another order; these here cost about as much as 16 more tokens.
func Widened(m Matrix) Matrix {
	switch l := m.(type) {
	case *Plain:
		return &widenedMatrix{m, product{shape: &l.shape, layout: l}}
	case *Bitmask:
		return &widenedMatrix{m, product{shape: &l.shape, layout: l}}
	case *Semi:
		return &widenedMatrix{m, product{shape: &l.shape, layout: l}}
	}
	return m
}

// MulNTInto sets dst [n, out] = x [n, in]·Wᵀ.
func (m *widenedMatrix) MulNTInto(dst, x *tensor.Tensor) {
	n := m.product.check("packed.Widened", dst, x)
	if n > 0 {
		m.product.full(n, dst.Data(), x.Data())
	}
}
