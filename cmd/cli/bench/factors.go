package bench

import "github.com/adagp/adagp/tensor/linalg"

// gram returns the Gram matrix of twice as many random rows as columns, which is well conditioned.
func (r *run) gram(n int) *linalg.Matrix {
	h := linalg.New(n, n)
	linalg.AddGram(h, r.random(2*n, n))
	return h
}

func (r *run) measureFactors() error {
	var all []*series
	for _, n := range r.sizes.factors {
		h, u := r.gram(n), linalg.New(n, n)
		all = append(all, &series{do: func() error { return linalg.InverseUpperFactorInto(u, h) }})
	}
	if err := r.measure(r.peak64, all...); err != nil {
		return err
	}
	for i, n := range r.sizes.factors {
		cube := float64(n) * float64(n) * float64(n)
		r.res.Factors = append(r.res.Factors, Factor{N: n, Seconds: all[i].median(), GFLOPS: all[i].giga(2. / 3 * cube)})
	}
	return nil
}
