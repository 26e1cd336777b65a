package models

import "github.com/adagp/adagp/nn"

// CountParameters counts what the architecture has, tied weights once.
func CountParameters(m CausalLM) int {
	n := 0
	seen := map[*nn.Param]bool{}
	m.Walk(func(p *nn.Param) {
		if seen[p] {
			return
		}
		seen[p] = true
		size := 1
		for _, d := range p.Shape {
			size *= d
		}
		n += size
	})
	return n
}
