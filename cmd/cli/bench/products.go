package bench

import (
	"math/rand/v2"
	"time"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// random returns a matrix of numbers between -1 and 1. What they are makes no difference to the time,
// as long as none is subnormal.
func (r *run) random(rows, cols int) *tensor.Tensor {
	t := tensor.New(rows, cols)
	r.fill(t.Data())
	return t
}

func (r *run) fill(data []float32) {
	const piece = 1 << 16
	parallel.For((len(data)+piece-1)/piece, 1, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			rng := rand.New(rand.NewPCG(r.o.Seed, uint64(p)))
			part := data[p*piece : min((p+1)*piece, len(data))]
			for i := range part {
				part[i] = 2*rng.Float32() - 1
			}
		}
	})
}

// product returns the series of a product.
func (r *run) product(p Product) *series {
	dst := tensor.New(p.M, p.N)
	switch p.Trans {
	case "NT":
		a, b := r.random(p.M, p.K), r.random(p.N, p.K)
		return newSeries(func() { tensor.MatMulNTInto(dst, a, b) })
	case "TN":
		a, b := r.random(p.K, p.M), r.random(p.K, p.N)
		return newSeries(func() { tensor.MatMulTNInto(dst, a, b) })
	default:
		a, b := r.random(p.M, p.K), r.random(p.K, p.N)
		return newSeries(func() { tensor.MatMulInto(dst, a, b) })
	}
}

func (p Product) flops() float64 { return 2 * float64(p.M) * float64(p.N) * float64(p.K) }

func (r *run) measureProducts() error {
	var all []*series
	for _, p := range r.sizes.products {
		all = append(all, r.product(p))
	}
	start, cpu := time.Now(), cpuTime()
	if err := r.measure(r.peak, all...); err != nil {
		return err
	}
	// Next to nothing but work for all threads: what is missing, other programs have had.
	r.res.CPUShare = (cpuTime() - cpu).Seconds() / time.Since(start).Seconds() / float64(parallel.Threads())
	for i, p := range r.sizes.products {
		p.GFLOPS = all[i].giga(p.flops())
		r.res.Products = append(r.res.Products, p)
	}
	return nil
}

func (r *run) measureGram() error {
	rows, cols := r.sizes.gram[0], r.sizes.gram[1]
	x, dst := r.random(rows, cols), tensor.New(cols, cols)
	gram := newSeries(func() { tensor.GramInto(dst, x) })
	full := r.product(Product{M: cols, N: cols, K: rows, Trans: "TN"})
	if err := r.measure(full, gram); err != nil {
		return err
	}
	r.res.Gram = Gram{Rows: rows, Cols: cols, Seconds: gram.median(), OfProduct: gram.median() / full.median()}
	return nil
}
