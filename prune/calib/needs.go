package calib

import "slices"

// Needs says which statistics of a linear layer's inputs a solver wants; what is not asked for is
// not collected. The zero value asks for nothing.
type Needs struct {
	// Hessian asks for H = XᵀX over all calibration tokens, [in, in].
	Hessian bool
	// SquaredNorms asks for the diagonal of H alone, the squared norm of every input, [in].
	SquaredNorms bool
	// WindowMoments asks for the sum and the variance of every input within a calibration window,
	// [in] each, averaged over the windows.
	WindowMoments bool
	// More asks for statistics of any other kind; they are found by their names.
	More []Kind
}

// None reports whether nothing is asked for.
func (n Needs) None() bool {
	return !n.Hessian && !n.SquaredNorms && !n.WindowMoments && len(n.More) == 0
}

// Or returns the statistics that n or m asks for.
func (n Needs) Or(m Needs) Needs {
	return Needs{
		Hessian:       n.Hessian || m.Hessian,
		SquaredNorms:  n.SquaredNorms || m.SquaredNorms,
		WindowMoments: n.WindowMoments || m.WindowMoments,
		More:          slices.Concat(n.More, m.More),
	}
}
