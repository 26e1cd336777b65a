package prunetest

import (
	"fmt"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
)

// Method returns the registered method with settings given as names and values; values that print as nothing are
// left at their defaults. It panics where registry.New fails.
func Method(name string, settings ...any) prune.Method {
	m, err := registry.New(name, pairs(settings))
	if err != nil {
		panic(err)
	}
	return m
}

// Solver is [Method] for a local solver.
func Solver(name string, settings ...any) local.Solver {
	s, err := registry.NewSolver(name, pairs(settings))
	if err != nil {
		panic(err)
	}
	return s
}

func pairs(settings []any) registry.Settings {
	s := registry.Settings{}
	for i := 0; i+1 < len(settings); i += 2 {
		if v := fmt.Sprint(settings[i+1]); v != "" {
			s[settings[i].(string)] = v
		}
	}
	return s
}
