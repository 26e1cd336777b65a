package models

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// TensorNamer is implemented by a model whose checkpoints may deviate from its parameter names.
type TensorNamer interface {
	// StoredNames returns the names a parameter may have in a checkpoint, the usual one first.
	StoredNames(name string) []string
	// Ignorable reports whether a checkpoint may hold this tensor though no parameter uses it.
	Ignorable(stored string) bool
}

// matchTensors finds the stored name of every parameter and checks shapes and types against the
// headers of the checkpoint.
func matchTensors(net CausalLM, r *checkpoint.Reader) (map[*nn.Param]string, error) {
	namer, _ := net.(TensorNamer)
	left := map[string]bool{}
	for _, n := range r.Names() {
		left[n] = true
	}
	stored := map[*nn.Param]string{}
	var missing []string
	for _, p := range nn.Params(net.Walk) {
		names := []string{p.Name}
		if namer != nil {
			names = namer.StoredNames(p.Name)
		}
		i := slices.IndexFunc(names, func(n string) bool { return left[n] })
		if i < 0 {
			missing = append(missing, p.Name)
			continue
		}
		stored[p] = names[i]
		delete(left, names[i])
	}
	var unexpected []string
	for n := range left {
		if namer == nil || !namer.Ignorable(n) {
			unexpected = append(unexpected, n)
		}
	}
	slices.Sort(unexpected)
	if len(missing) > 0 || len(unexpected) > 0 {
		return nil, namesError(missing, unexpected)
	}
	for _, p := range nn.Params(net.Walk) {
		info, _ := r.Info(stored[p])
		if err := checkHeader(p, info); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// namesError says which names do not match, of both kinds.
func namesError(missing, unexpected []string) error {
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, nameList("missing from the checkpoint", missing))
	}
	if len(unexpected) > 0 {
		parts = append(parts, nameList("in the checkpoint unknown to the architecture", unexpected))
	}
	return errors.New(strings.Join(parts, "; "))
}

// shownNames is how many tensor names an error lists.
const shownNames = 5

// nameList writes `2 tensors WHAT: "a", "b"`.
func nameList(what string, names []string) string {
	noun, more := "tensors", ""
	if len(names) == 1 {
		noun = "tensor"
	}
	var shown []string
	for _, n := range names[:min(len(names), shownNames)] {
		shown = append(shown, strconv.Quote(n)) // they come from a file
	}
	if left := len(names) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return fmt.Sprintf("%d %s %s: %s%s", len(names), noun, what, strings.Join(shown, ", "), more)
}

// weightTypes are the types that weights may be stored in.
var weightTypes = []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}

// checkHeader compares a stored tensor's header with the parameter it is for.
func checkHeader(p *nn.Param, info checkpoint.Info) error {
	if want := p.FileShape(); !slices.Equal(info.Shape, want) {
		return fmt.Errorf("%s: tensor %q has shape %v, want %v", info.File, info.Name, info.Shape, want)
	}
	if !slices.Contains(weightTypes, info.DType) {
		return fmt.Errorf("%s: tensor %q has type %s, want one of %v", info.File, info.Name, info.Type(), weightTypes)
	}
	return nil
}
