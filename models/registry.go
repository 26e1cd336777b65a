package models

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Builder makes a model without values from the bytes of a config.json.
type Builder func(config []byte) (CausalLM, error)

var registry = struct {
	sync.RWMutex
	builders map[string]Builder
}{builders: map[string]Builder{}}

// Register makes an architecture known under the name that config.json gives in "architectures".
// A duplicate name panics.
func Register(architecture string, build func(config []byte) (CausalLM, error)) {
	registry.Lock()
	defer registry.Unlock()
	if _, ok := registry.builders[architecture]; ok {
		panic(fmt.Sprintf("models: architecture %q is registered twice", architecture))
	}
	registry.builders[architecture] = build
}

// Architectures returns the registered names, sorted.
func Architectures() []string {
	registry.RLock()
	defer registry.RUnlock()
	names := make([]string, 0, len(registry.builders))
	for n := range registry.builders {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// builderFor returns the builder of the first known architecture.
func builderFor(architectures []string) (Builder, error) {
	registry.RLock()
	for _, a := range architectures {
		if b, ok := registry.builders[a]; ok {
			registry.RUnlock()
			return b, nil
		}
	}
	registry.RUnlock()
	return nil, &UnknownError{architectures}
}

// UnknownError says that no package has registered the architectures of a config.json.
type UnknownError struct{ Architectures []string }

func (e *UnknownError) Error() string {
	known := "none, is models/all imported?"
	if names := Architectures(); len(names) > 0 {
		known = strings.Join(names, ", ")
	}
	return fmt.Sprintf("unknown architecture %q, known: %s", strings.Join(e.Architectures, ", "), known)
}

// Build makes a model without values from the bytes of a config.json, choosing the architecture by
// its "architectures". Errors quote the value they are about.
func Build(config []byte) (CausalLM, error) {
	f, err := ParseFields(config)
	if err != nil {
		return nil, err
	}
	names := f.Strings("architectures")
	if err := f.Err(); err != nil {
		return nil, err
	}
	build, err := builderFor(names)
	if err != nil {
		return nil, err
	}
	return build(config)
}
