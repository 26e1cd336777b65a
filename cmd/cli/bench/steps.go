package bench

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/all" // the solvers by name
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// solvers are the local solvers that are timed.
var solvers = []string{"sparsegpt", "wanda", "magnitude"}

const share = 0.5

func (r *run) measureSteps() error {
	n := r.sizes.matrix
	h := r.gram(n)
	p := &local.Problem{
		Name: "bench", W: linalg.FromTensor(r.random(n, n)), H: h, SquaredNorms: h.Diag(), Pattern: sparsity.Unstructured(share),
	}
	var all []*series
	for _, name := range solvers {
		s, err := registry.NewSolver(name, nil)
		if err != nil {
			return err
		}
		all = append(all, &series{do: func() error {
			_, err := local.Solve(r.ctx, s, p)
			return err
		}})
	}
	epochs, err := r.epochs()
	if err != nil {
		return err
	}
	if err := r.measure(nil, append(all, epochs)...); err != nil {
		return err
	}
	for i, name := range solvers {
		r.res.Steps = append(r.res.Steps, Step{Method: name, Rows: n, Cols: n, Seconds: all[i].median()})
	}
	c := r.sizes.chain
	r.res.Steps = append(r.res.Steps, Step{
		Method: "adagp", Rows: c.intermediate, Cols: c.hidden, Seconds: epochs.median() / adagp.DefaultEpochs,
	})
	return nil
}

// epochs returns the series of AdaGP with its default schedule on a chain of two linear maps.
func (r *run) epochs() (*series, error) {
	c := r.sizes.chain
	up, down := nn.NewLinear("bench.fc1", c.hidden, c.intermediate, true), nn.NewLinear("bench.fc2", c.intermediate, c.hidden, true)
	for _, l := range []*nn.Linear{up, down} {
		r.randomParam(l.Weight, l.In())
		r.randomParam(l.Bias, l.In())
	}
	chain := nn.NewChain("bench", nn.Map(up), nn.Pointwise(nn.ReLU), nn.Map(down))
	x := r.random(c.tokens, c.hidden)
	return &series{do: func() error {
		_, err := adagp.Solve(r.ctx, chain, x, nil, adagp.Options{
			Solver: sparsegpt.Solver{}, Pattern: adagp.Uniform(sparsity.Unstructured(share)), Ridge: adagp.DefaultRidge, Safeguard: true,
		})
		return err
	}}, nil
}
