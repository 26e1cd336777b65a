package main

import (
	"math/rand/v2"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/tensor"
)

// newNetwork returns a classifier of images, side·side → hidden… → 10, with random weights. It is
// declared as the chain that AdaGP prunes; running and training it need nothing else.
func newNetwork(r *rand.Rand, hidden ...int) *nn.Chain {
	var stages []nn.Stage
	in := side * side
	for _, out := range append(hidden, 10) {
		if len(stages) > 0 {
			stages = append(stages, nn.Pointwise(nn.ReLU))
		}
		l := nn.NewLinear("fc"+string(rune('1'+len(stages)/2)), in, out, true)
		nn.InitHe(l.Weight, r)
		nn.InitConstant(l.Bias, 0)
		stages = append(stages, nn.Map(l))
		in = out
	}
	return nn.NewChain("classifier", stages...)
}

// train fits the network by Adam on batches of 64 images.
func train(r *rand.Rand, net *nn.Chain, images *tensor.Tensor, labels []int, epochs int) error {
	const batch, rate = 64, 2e-3
	n := len(labels)
	nn.ZeroGrad(net.Walk)
	opt := optim.New(nn.Params(net.Walk), optim.Adam(rate, 0.9, 0.95, 1e-8), optim.Options{
		Schedule: optim.Cosine(rate, epochs*(n/batch)),
	})
	tape := autograd.NewTape().Recycle()
	x, y := tensor.New(batch, images.Dim(1)), make([]int, batch)
	for range epochs {
		order := r.Perm(n)
		for ; len(order) >= batch; order = order[batch:] {
			for i, k := range order[:batch] {
				copy(x.Row(i), images.Row(k))
				y[i] = labels[k]
			}
			logits := net.Forward(&nn.Context{Tape: tape}, tape.Const(x))
			tape.Backward(autograd.CrossEntropy(logits, y))
			tape.Reset()
			if err := opt.Step(); err != nil {
				return err
			}
		}
	}
	for _, p := range nn.Params(net.Walk) {
		p.Freeze()
	}
	return nil
}

// accuracy is the share of images that the network names right.
func accuracy(net *nn.Chain, images *tensor.Tensor, labels []int) float64 {
	logits := net.Forward(&nn.Context{}, autograd.Const(images)).Value
	right := 0
	for i, want := range labels {
		if tensor.ArgMax(logits.Row(i)) == want {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// remember returns a function that gives the network the weights back that it has now.
func remember(net *nn.Chain) (restore func()) {
	values := map[*nn.Param]*tensor.Tensor{}
	for _, p := range nn.Params(net.Walk) {
		values[p] = p.Value()
	}
	return func() {
		for p, v := range values {
			p.Set(v)
		}
	}
}
