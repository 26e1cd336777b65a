package models

import (
	"encoding/json"
	"slices"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/nn"
)

// Nearness says how far a checkpoint is from being one of a known architecture.
type Nearness struct {
	Architecture string `json:"architecture"`
	// Matched of the Parameters that the architecture has with this configuration are in the checkpoint, by name and shape.
	Matched    int `json:"matched"`
	Parameters int `json:"parameters"`
	// Missing are parameters that are not in the checkpoint, or in another shape; Unexpected tensors that no parameter is.
	Missing    []string `json:"missing"`
	Unexpected []string `json:"unexpected"`
}

// Nearest returns the known architecture that has most of the tensors of a checkpoint, when it reads the checkpoint's
// configuration as its own; nil if none has any.
func Nearest(config []byte, r *checkpoint.Reader) *Nearness {
	var best *Nearness
	for _, a := range Architectures() {
		if n := nearness(config, a, r); n != nil && n.Matched > 0 && (best == nil || n.better(best)) {
			best = n
		}
	}
	return best
}

// better prefers more matches, and then less that is left on either side.
func (n *Nearness) better(o *Nearness) bool {
	if n.Matched != o.Matched {
		return n.Matched > o.Matched
	}
	return len(n.Missing)+len(n.Unexpected) < len(o.Missing)+len(o.Unexpected)
}

// nearness compares a checkpoint with an architecture; nil if that cannot read the configuration.
func nearness(config []byte, architecture string, r *checkpoint.Reader) *Nearness {
	var fields map[string]json.RawMessage
	if json.Unmarshal(config, &fields) != nil {
		return nil
	}
	fields["architectures"], _ = json.Marshal([]string{architecture})
	changed, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	net, err := Build(changed)
	if err != nil {
		return nil
	}
	namer, _ := net.(TensorNamer)
	n := &Nearness{Architecture: architecture}
	used := map[string]bool{}
	for _, p := range nn.Params(net.Walk) {
		n.Parameters++
		v, ok := findView(storedViews(net, p), namer, func(name string, _ bool) bool {
			_, ok := r.Info(name)
			return ok
		})
		if ok {
			info, _ := r.Info(v.Tensor)
			ok = checkHeader(p, v, info) == nil
			used[v.Tensor] = true
		}
		if ok {
			n.Matched++
		} else {
			n.Missing = append(n.Missing, p.Name)
		}
	}
	for _, name := range r.Names() {
		if !used[name] && (namer == nil || !namer.Ignorable(name)) {
			n.Unexpected = append(n.Unexpected, name)
		}
	}
	slices.Sort(n.Missing)
	return n
}
