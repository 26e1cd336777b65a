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

// View says which stored tensor a parameter is, or is a part or the transpose of.
type View = checkpoint.View

// TensorViewer is implemented by a model whose checkpoints hold parameters in another layout.
type TensorViewer interface {
	// StoredViews returns what the parameter may be of stored tensors, with their usual names, what new checkpoints have
	// first.
	StoredViews(p *nn.Param) []View
}

// storedViews asks the network, if it has something to say.
func storedViews(net CausalLM, p *nn.Param) []View {
	if v, ok := net.(TensorViewer); ok {
		return v.StoredViews(p)
	}
	return []View{{Tensor: p.Name}}
}

// matchTensors finds the stored tensor of every parameter and checks shapes and types against the
// headers of the checkpoint.
func matchTensors(net CausalLM, r *checkpoint.Reader) (map[*nn.Param]View, error) {
	namer, _ := net.(TensorNamer)
	left, shared := map[string]bool{}, map[string]bool{} // tensors without a parameter, and those with some of their rows
	for _, n := range r.Names() {
		left[n] = true
	}
	stored := map[*nn.Param]View{}
	var missing []string
	for _, p := range nn.Params(net.Walk) {
		v, ok := findView(storedViews(net, p), namer, func(name string, rows bool) bool { return left[name] || rows && shared[name] })
		if !ok {
			missing = append(missing, p.Name)
			continue
		}
		stored[p], shared[v.Tensor] = v, v.To != 0
		delete(left, v.Tensor)
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
		info, _ := r.Info(stored[p].Tensor)
		if err := checkHeader(p, stored[p], info); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// findView returns the first view of a tensor that there is, with the name that it has.
func findView(views []View, namer TensorNamer, exists func(name string, rows bool) bool) (View, bool) {
	for _, v := range views {
		names := []string{v.Tensor}
		if namer != nil {
			names = namer.StoredNames(v.Tensor)
		}
		for _, name := range names {
			if exists(name, v.To != 0) {
				v.Tensor = name
				return v, true
			}
		}
	}
	return View{}, false
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
func checkHeader(p *nn.Param, v View, info checkpoint.Info) error {
	shape, err := v.Shape(info.Shape)
	if err != nil {
		return fmt.Errorf("%s: %w", info.File, err)
	}
	if !slices.Equal(shape, p.Shape) {
		what := "has"
		if !v.Whole() {
			what = fmt.Sprintf("(%s) gives", v.Layout())
		}
		return fmt.Errorf("%s: tensor %q %s shape %v, want %v", info.File, info.Name, what, shape, p.Shape)
	}
	if !slices.Contains(weightTypes, info.DType) {
		return fmt.Errorf("%s: tensor %q has type %s, want one of %v", info.File, info.Name, info.Type(), weightTypes)
	}
	return nil
}
