package main

import "fmt"

// task is one computation.
type task struct {
	kind    string // gemm, gram, gemv, factor or halves: see native/peer.c
	trans   string // of gemm: NN, NT or TN
	m, n, k int
}

// tasks are those of cli bench.
var tasks = []task{
	{"gemm", "NN", 512, 512, 512},
	{"gemm", "NN", 1024, 1024, 1024},
	{"gemm", "NN", 2048, 2048, 2048},
	{"gemm", "NT", 2048, 3072, 768},
	{"gemm", "NT", 2048, 768, 3072},
	{"gemm", "NT", 2048, 5504, 2048},
	{"gram", "", 4096, 1024, 0},
	{"gemv", "", 4096, 4096, 0},
	{"gemv", "", 11008, 4096, 0},
	{"factor", "", 0, 512, 0},
	{"factor", "", 0, 1024, 0},
	{"factor", "", 0, 2048, 0},
	{"halves", "", 0, 1024, 0},
	{"halves", "", 0, 2048, 0},
}

// order is the line that native/peer.c understands, but for the number of calls.
func (x task) order() string {
	switch x.kind {
	case "gemm":
		return fmt.Sprintf("gemm %s %d %d %d", x.trans, x.m, x.n, x.k)
	case "gram", "gemv":
		return fmt.Sprintf("%s %d %d", x.kind, x.m, x.n)
	}
	return fmt.Sprintf("%s %d", x.kind, x.n)
}

// title names the task in the table.
func (x task) title() string {
	switch x.kind {
	case "gemm":
		return fmt.Sprintf("%d×%d×%d %s", x.m, x.n, x.k, x.trans)
	case "gram":
		return fmt.Sprintf("XᵀX, X %d×%d", x.m, x.n)
	case "gemv":
		return fmt.Sprintf("A·x, A %d×%d", x.m, x.n)
	case "factor":
		return fmt.Sprintf("U of A⁻¹ = UᵀU, n = %d", x.n)
	}
	return fmt.Sprintf("L and L⁻¹ of A = L·Lᵀ, n = %d", x.n)
}

// show renders a time in the unit that suits the task.
func (x task) show(seconds float64) string {
	m, n, k := float64(x.m), float64(x.n), float64(x.k)
	switch x.kind {
	case "gemm":
		return fmt.Sprintf("%.0f", 2*m*n*k/seconds/1e9)
	case "gram":
		return fmt.Sprintf("%.2f ms", 1e3*seconds)
	case "gemv":
		return fmt.Sprintf("%.1f GB/s", 4*m*n/seconds/1e9)
	}
	return fmt.Sprintf("%.1f ms", 1e3*seconds)
}
