package main

import (
	"math/rand/v2"
	"strconv"

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

// newConvolutional returns a classifier of two convolutions with so many channels and a linear layer, with random
// weights. A convolution is a linear map of the patches that nn.Unfold lays out; to the methods it is a matrix like
// any other. The activation is this program's own.
func newConvolutional(r *rand.Rand, channels ...int) *nn.Chain {
	c := &nn.Chain{Name: "convolutional"}
	in, place, depth := nn.Input, side, 1
	add := func(name, out string, width, outputs int, enter nn.Operator) {
		l := nn.NewLinear(name, width, outputs, true)
		nn.InitHe(l.Weight, r)
		nn.InitConstant(l.Bias, 0)
		c.Links = append(c.Links, nn.Link{Linear: l, In: in, Out: out, Enter: enter})
	}
	for i, out := range channels {
		n := strconv.Itoa(i + 1)
		u := nn.Unfold{Height: place, Width: place, Channels: depth, Kernel: 3, Stride: 2, Padding: 1}
		add("conv"+n, "z"+n, 9*depth, out, u)
		c.Joins = append(c.Joins, nn.Join{Activation: leaky{0.1}, In: []string{"z" + n}, Out: "a" + n})
		place, _ = u.Places()
		in, depth = "a"+n, out
	}
	add("fc", nn.Output, place*place*depth, 10, nil)
	return c
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
