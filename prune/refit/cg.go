package refit

import (
	"context"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/linalg"
)

// rowTolerance is the share of its first residual, squared and in the metric of the preconditioner,
// below which a row is finished.
const rowTolerance = 1e-10

// CG returns the weights after at most the given number of conjugate gradient steps from Start,
// preconditioned by the diagonal of H + ρ·I. Every row has its own step lengths and stops by itself:
// when its residual has fallen enough, or where H is not positive along its direction. The objective
// of a row never rises.
//
// Errors: the context's, *linalg.NonFiniteError when weights or residuals overflow.
func (f *Fit) CG(ctx context.Context, iterations int) (*linalg.Matrix, error) {
	f.check()
	s := f.newDescent()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	for range iterations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !s.step() {
			break
		}
	}
	for i, v := range s.rz { // a row stops when it overflows, before its weights do
		if v-v != 0 {
			return nil, &linalg.NonFiniteError{Row: i, Value: v}
		}
	}
	return s.w, s.w.CheckFinite()
}

// CGBytes is what [Fit.CG] takes for weights [rows, cols] beside the problem, in bytes: the weights, their residuals,
// the directions and the images of these, and a mask.
func CGBytes(rows, cols int) int64 { return 4*prune.Float64s(rows, cols) + prune.MaskBytes(rows, cols) }

// descent is the state of CG. Rows of every matrix are zero outside the mask.
type descent struct {
	f         *Fit
	inverse   []float64      // preconditioner 1/(H_jj + ρ) [in]
	w         *linalg.Matrix // weights [out, in]
	residual  *linalg.Matrix // C + ρ·W₀ − (W·H + ρ·W)
	direction *linalg.Matrix
	product   *linalg.Matrix // direction·H, later its image under the operator
	rz, limit []float64      // ⟨residual, preconditioned residual⟩ of each row, and where it may stop
	live      []bool
}

func (f *Fit) newDescent() *descent {
	r, c := f.C.Rows, f.C.Cols
	s := &descent{
		f: f, inverse: f.H.Diag(), w: f.Start.Clone(), residual: linalg.New(r, c), direction: linalg.New(r, c),
		product: linalg.New(r, c), rz: make([]float64, r), limit: make([]float64, r), live: make([]bool, r),
	}
	for j, v := range s.inverse {
		s.inverse[j] = 0
		if v+f.Ridge > 0 {
			s.inverse[j] = 1 / (v + f.Ridge)
		}
	}
	return s
}

// rows calls body for every row, in parallel.
func (s *descent) rows(body func(i int)) {
	parallel.Rows(s.w.Rows, s.w.Cols, body)
}

// begin computes the first residual and takes it, preconditioned, as the first direction.
func (s *descent) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.rows(func(i int) { s.f.Keep.ApplyRow(i, s.w.Row(i)) })
	linalg.MulInto(s.product, 1, s.w, s.f.H, 0)
	s.rows(func(i int) {
		// ρ·W₀ and ρ·W cancel at the start.
		r := s.residual.Row(i)
		for j, v := range s.f.C.Row(i) {
			r[j] = v - s.product.Row(i)[j]
		}
		s.f.Keep.ApplyRow(i, r)
		s.rz[i] = s.redirect(i, 0)
		s.limit[i] = rowTolerance * s.rz[i]
		s.live[i] = s.rz[i] > s.limit[i]
	})
	return nil
}

// redirect makes the direction of row i the preconditioned residual plus beta times the old direction
// when that is not 0, and returns the product of residual and preconditioned residual.
func (s *descent) redirect(i int, rzBefore float64) float64 {
	r, d := s.residual.Row(i), s.direction.Row(i)
	rz := 0.0
	for j, v := range r {
		rz += v * v * s.inverse[j]
	}
	beta := 0.0
	if rzBefore > 0 {
		beta = rz / rzBefore
	}
	for j, v := range r {
		d[j] = v*s.inverse[j] + beta*d[j]
	}
	return rz
}

// step moves every live row along its direction; it reports whether a row is left to go on.
func (s *descent) step() bool {
	linalg.MulInto(s.product, 1, s.direction, s.f.H, 0)
	s.rows(func(i int) {
		if !s.live[i] {
			return
		}
		d, image := s.direction.Row(i), s.product.Row(i)
		s.f.Keep.ApplyRow(i, image)
		asm.Axpy64(s.f.Ridge, d, image)
		curvature := asm.Dot64(d, image)
		if s.live[i] = curvature > 0; s.live[i] {
			alpha := s.rz[i] / curvature
			asm.Axpy64(alpha, d, s.w.Row(i))
			asm.Axpy64(-alpha, image, s.residual.Row(i))
			s.rz[i] = s.redirect(i, s.rz[i])
			s.live[i] = s.rz[i] > s.limit[i]
		}
		if !s.live[i] {
			clear(d)
		}
	})
	for _, l := range s.live {
		if l {
			return true
		}
	}
	return false
}
