package prune

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/sparsity"
)

const (
	// Uniform is the allocation that gives every matrix the same share of zeros.
	Uniform = "uniform"
	// ByMethod is what a method wants that spreads the zeros by itself, with [Dense.SetZeros]; it
	// takes no allocation.
	ByMethod = "method"
)

// AllocationFunc spreads the zeros of d.Pattern, which is unstructured, over the matrices that are
// to be pruned: it returns the share of zeros of each, from 0 to below 1. A matrix that is missing
// gets the share of the pattern.
type AllocationFunc func(ctx context.Context, d *Dense) (map[*nn.Linear]float64, error)

var allocations = map[string]allocationEntry{}

type allocationEntry struct {
	summary string
	shares  AllocationFunc
}

// Info describes a registered allocation.
type Info struct {
	Name    string
	Summary string // one line
}

// RegisterAllocation makes an allocation known under name; summary is one line for lists. A name that
// is taken, or that reads as a file, panics: it is a mistake of the program. Call it from init.
func RegisterAllocation(name, summary string, shares AllocationFunc) {
	if _, taken := allocations[name]; taken || name == "" || name == ByMethod || shares == nil || IsAllocationFile(name) {
		panic(fmt.Sprintf("prune: allocation %q is registered twice or without a function", name))
	}
	allocations[name] = allocationEntry{summary, shares}
}

// Allocations lists the registered allocations, sorted by name.
func Allocations() []Info {
	all := make([]Info, 0, len(allocations))
	for name, a := range allocations {
		all = append(all, Info{Name: name, Summary: a.summary})
	}
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// IsAllocationFile reports whether an allocation is the path of a file of shares: it ends in ".json".
func IsAllocationFile(name string) bool { return strings.HasSuffix(name, ".json") }

// CheckAllocation reports whether the allocation of the options is known and goes with the pattern and
// the method; "" is the method's own.
func (o Options) CheckAllocation() error {
	_, err := o.allocation(o.Method.Wants(&o))
	return err
}

// allocation returns the name of the allocation to use with a method that wants this.
func (o *Options) allocation(w Wants) (string, error) {
	own, method := cmp.Or(w.Allocation, Uniform), o.Method.Describe().Name
	switch {
	case o.Allocation == "" && own == ByMethod:
		return own, nil
	case o.Allocation == "":
		if err := checkAllocation(own, o.Pattern); err != nil {
			return "", fmt.Errorf("method %s: %w", method, err)
		}
		return own, nil
	case own == ByMethod:
		return "", fmt.Errorf("allocation %s: method %s spreads the zeros by itself", o.Allocation, method)
	}
	return o.Allocation, checkAllocation(o.Allocation, o.Pattern)
}

func checkAllocation(name string, p sparsity.Pattern) error {
	if _, ok := allocations[name]; !ok && !IsAllocationFile(name) {
		var known []string
		for _, a := range Allocations() {
			known = append(known, a.Name)
		}
		return fmt.Errorf("unknown allocation %q, want one of %s or a file that ends in .json", name, strings.Join(known, ", "))
	}
	if p.Structured() && name != Uniform {
		return fmt.Errorf("allocation %s: an N:M pattern has the same share of zeros in every matrix, want %s", name, Uniform)
	}
	return nil
}

func init() {
	RegisterAllocation(Uniform, "the same share of zeros in every matrix",
		func(context.Context, *Dense) (map[*nn.Linear]float64, error) { return nil, nil })
}

// allocate decides what pattern each matrix gets.
func (r *run) allocate(ctx context.Context, d *Dense) error {
	name := r.report.Allocation
	if name == Uniform || name == ByMethod {
		return nil
	}
	shares := fileShares(name)
	if a, ok := allocations[name]; ok {
		shares = a.shares
	}
	found, err := shares(ctx, d)
	if err != nil {
		return fmt.Errorf("allocation %s: %w", name, err)
	}
	r.patterns = map[*nn.Linear]sparsity.Pattern{}
	for lin, s := range found {
		q := sparsity.Unstructured(s)
		if err := q.Check(); err != nil {
			return fmt.Errorf("allocation %s: tensor %s: %w", name, r.model.TensorName(lin.Weight), err)
		}
		r.patterns[lin] = q
	}
	return nil
}
