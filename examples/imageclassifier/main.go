// Command imageclassifier prunes a network that is no language model: a small classifier of drawn digits,
// trained on the spot by this project's autograd and spago's Adam. It prints how many test images the
// network still names right at rising sparsity, by method:
//
//	go run ./examples/imageclassifier
//
// A second network is convolutional, with an activation that no package of this module has: leaky.go is all that
// AdaGP has to know of it.
//
// The network is declared once, as an nn.Chain, and that is all the methods need: the local ones prune
// each layer by itself, on what the pruned layers before it make of some training images; AdaGP goes
// back and forth between all layers (adagp); AdaGP+ aims each at what the dense network has there.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/all" // solvers by name
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// method prunes all layers of a network so that a share of their weights is zero, given some images.
type method struct {
	name  string
	prune func(net *nn.Chain, images *tensor.Tensor, share float64) error
}

var methods = []method{
	{"magnitude", alone("magnitude")},
	{"wanda", alone("wanda")},
	{"sparsegpt", alone("sparsegpt")},
	{"admm", alone("admm")},
	{"adagp", alternating("admm")},
	{"adagp+", towardsDense("admm")},
}

// alternating is AdaGP: the signals between the layers become variables of their own, and weights, signals
// and masks are found in turn.
func alternating(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return func(net *nn.Chain, images *tensor.Tensor, share float64) error {
		s, err := registry.NewSolver(solver, nil)
		if err != nil {
			return err
		}
		solutions, err := adagp.Solve(context.Background(), net, images, nil, adagp.Options{
			Solver: s, Pattern: adagp.Uniform(sparsity.Unstructured(share)), Ridge: adagp.DefaultRidge,
		})
		for layer, solution := range solutions {
			layer.Weight.Set(solution.W.Tensor())
		}
		return err
	}
}

// towardsDense is AdaGP+: layer after layer is given the weights that best restore the dense network's
// signals from what the pruned layers before it let through, and those are pruned.
func towardsDense(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return oneByOne(solver, nn.DenseOutputs)
}

// alone prunes every layer by itself, to keep what it makes of its inputs.
func alone(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return oneByOne(solver, nn.OwnOutputs)
}

func oneByOne(solver string, target nn.Target) func(*nn.Chain, *tensor.Tensor, float64) error {
	return func(net *nn.Chain, images *tensor.Tensor, share float64) error {
		s, err := registry.NewSolver(solver, nil)
		if err != nil {
			return err
		}
		layers := net.Groups()
		for i := range layers {
			layers[i].Target = target
		}
		return adagp.SolveGroups(context.Background(), layers, adagp.Inputs(images), adagp.GroupOptions{
			Solver: s, Pattern: func(*nn.Linear) sparsity.Pattern { return sparsity.Unstructured(share) },
		})
	}
}

// size is how large the experiment is.
type size struct {
	networks                 int   // results are means over so many, trained on images of their own
	train, test, calibration int   // images
	hidden                   []int // widths of a network of linear layers
	channels                 []int // of a convolutional one instead
	epochs                   int
	sparsities               []float64
}

var full = size{
	networks: 3, train: 12000, test: 2000, calibration: 2000, hidden: []int{128, 64}, epochs: 8,
	sparsities: []float64{0.5, 0.7, 0.8, 0.9, 0.95},
}

var convolutional = size{
	networks: 1, train: 12000, test: 2000, calibration: 2000, channels: []int{8, 16}, epochs: 8,
	sparsities: []float64{0.5, 0.7, 0.8, 0.9},
}

func main() {
	log.SetFlags(0)
	for _, e := range []struct {
		name string
		size size
	}{{"linear layers", full}, {"convolutions", convolutional}} {
		fmt.Printf("%s: training %d networks and pruning each %d times\n", e.name, e.size.networks, len(methods)*len(e.size.sparsities))
		r, err := run(e.size)
		if err != nil {
			log.Fatal("imageclassifier: ", err)
		}
		r.print(os.Stdout)
	}
}

// results are accuracies, shares of the test images that are named right.
type results struct {
	size
	dense  float64
	pruned []map[string]float64 // of each sparsity, by method
}

// run makes the whole experiment.
func run(s size) (*results, error) {
	sum := &results{size: s}
	for range s.sparsities {
		sum.pruned = append(sum.pruned, map[string]float64{})
	}
	for seed := range s.networks {
		if err := sum.network(rand.New(rand.NewPCG(uint64(seed), 0))); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// network trains one network, prunes it by every method at every sparsity, and adds up the accuracies.
func (sum *results) network(r *rand.Rand) error {
	images, labels := drawDigits(r, sum.train)
	test, answers := drawDigits(r, sum.test)
	net := newNetwork(r, sum.hidden...)
	if sum.channels != nil {
		net = newConvolutional(r, sum.channels...)
	}
	if err := train(r, net, images, labels, sum.epochs); err != nil {
		return err
	}
	share := 1 / float64(sum.networks)
	sum.dense += share * accuracy(net, test, answers)
	restore := remember(net)
	for i, zeros := range sum.sparsities {
		for _, m := range methods {
			if err := m.prune(net, images.Rows(0, sum.calibration), zeros); err != nil {
				return fmt.Errorf("%s at %v: %w", m.name, zeros, err)
			}
			sum.pruned[i][m.name] += share * accuracy(net, test, answers)
			restore()
		}
	}
	return nil
}

func (sum *results) print(out io.Writer) {
	fmt.Fprintf(out, "dense: %.1f %% of the test images named right\n\nzeros  ", 100*sum.dense)
	for _, m := range methods {
		fmt.Fprintf(out, "%10s", m.name)
	}
	for i, zeros := range sum.sparsities {
		fmt.Fprintf(out, "\n%4.0f %% ", 100*zeros)
		for _, m := range methods {
			fmt.Fprintf(out, "%8.1f %%", 100*sum.pruned[i][m.name])
		}
	}
	fmt.Fprintln(out)
}
