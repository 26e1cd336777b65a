// Command imageclassifier prunes a network that is no language model: a small classifier of drawn digits,
// trained on the spot by this project's autograd and spago's Adam. It prints how many test images the
// network still names right at rising sparsity, by method:
//
//	go run ./examples/imageclassifier
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
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/all" // solvers by name
	"github.com/adagp/adagp/tensor"
)

// method prunes all layers of a network so that a share of their weights is zero, given some images.
type method struct {
	name  string
	prune func(net *nn.Chain, images *tensor.Tensor, sparsity float64) error
}

var methods = []method{
	{"magnitude", local("magnitude")},
	{"wanda", local("wanda")},
	{"sparsegpt", local("sparsegpt")},
	{"admm", local("admm")},
	{"adagp", alternating("admm")},
	{"adagp+", towardsDense("admm")},
}

// alternating is AdaGP: the signals between the layers become variables of their own, and weights, signals
// and masks are found in turn.
func alternating(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return func(net *nn.Chain, images *tensor.Tensor, sparsity float64) error {
		s, err := prune.NewSolver(solver, prune.SolverOptions{})
		if err != nil {
			return err
		}
		solutions, err := adagp.Solve(context.Background(), net, images, nil, adagp.Options{
			Solver: s, Pattern: prune.Unstructured(sparsity), Ridge: adagp.DefaultRidge,
		})
		for layer, solution := range solutions {
			layer.Weight.Value = solution.W.Tensor()
		}
		return err
	}
}

// towardsDense is AdaGP+: layer after layer is given the weights that best restore the dense network's
// signals from what the pruned layers before it let through, and those are pruned.
func towardsDense(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return oneByOne(solver, nn.DenseOutputs)
}

// local prunes every layer by itself, to keep what it makes of its inputs.
func local(solver string) func(*nn.Chain, *tensor.Tensor, float64) error {
	return oneByOne(solver, nn.OwnOutputs)
}

func oneByOne(solver string, target nn.Target) func(*nn.Chain, *tensor.Tensor, float64) error {
	return func(net *nn.Chain, images *tensor.Tensor, sparsity float64) error {
		s, err := prune.NewSolver(solver, prune.SolverOptions{})
		if err != nil {
			return err
		}
		layers := net.Groups()
		for i := range layers {
			layers[i].Target = target
		}
		return adagp.SolveGroups(context.Background(), layers, adagp.Inputs(images), adagp.GroupOptions{
			Solver: s, Pattern: func(*nn.Linear) prune.Pattern { return prune.Unstructured(sparsity) },
		})
	}
}

// size is how large the experiment is.
type size struct {
	train, test, calibration int // images
	hidden                   []int
	epochs                   int
	sparsities               []float64
	seed                     uint64
}

var full = size{
	train: 12000, test: 2000, calibration: 2000, hidden: []int{128, 64}, epochs: 8,
	sparsities: []float64{0.5, 0.7, 0.8, 0.9, 0.95},
}

func main() {
	log.SetFlags(0)
	if _, err := run(os.Stdout, full); err != nil {
		log.Fatal("imageclassifier: ", err)
	}
}

// run trains a network, prunes it by every method at every sparsity and prints a table of accuracies,
// which it also returns: those of each sparsity by method, that of the dense network under 0 and "dense".
func run(out io.Writer, s size) (map[float64]map[string]float64, error) {
	r := rand.New(rand.NewPCG(s.seed, 0))
	images, labels := drawDigits(r, s.train)
	test, answers := drawDigits(r, s.test)
	net := newNetwork(r, s.hidden...)
	if err := train(r, net, images, labels, s.epochs); err != nil {
		return nil, err
	}
	dense := accuracy(net, test, answers)
	results := map[float64]map[string]float64{0: {"dense": dense}}
	fmt.Fprintf(out, "dense: %.1f %% of %d test images named right\n\nzeros  ", 100*dense, s.test)
	for _, m := range methods {
		fmt.Fprintf(out, "%10s", m.name)
	}
	restore := remember(net)
	for _, sparsity := range s.sparsities {
		fmt.Fprintf(out, "\n%4.0f %% ", 100*sparsity)
		results[sparsity] = map[string]float64{}
		for _, m := range methods {
			if err := m.prune(net, images.Rows(0, s.calibration), sparsity); err != nil {
				return nil, fmt.Errorf("%s at %v: %w", m.name, sparsity, err)
			}
			a := accuracy(net, test, answers)
			results[sparsity][m.name] = a
			fmt.Fprintf(out, "%8.1f %%", 100*a)
			restore()
		}
	}
	fmt.Fprintln(out)
	return results, nil
}
