package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"

	"github.com/nlpodyssey/spago/mat"
	"gonum.org/v1/gonum/blas"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// contender is a library on so many threads.
type contender interface {
	name() string
	// time returns the mean seconds of so many calls, or a negative number if the library has no
	// such function. The operands of a task are made when it is met first.
	time(x task, calls int) (float64, error)
	close()
}

// contenders returns ours, at the front, and those that it is to be compared with on a level.
func contenders(level asm.Level, threads int, peer string) ([]contender, error) {
	own := func(name string, enter func(), make func(task) func()) contender {
		return &library{title: name, enter: enter, make: make}
	}
	processors := func() { runtime.GOMAXPROCS(threads) }
	ours := func() {
		processors()
		parallel.SetThreads(threads)
		if err := asm.SetLevel(level); err != nil {
			panic(err)
		}
	}
	all := []contender{own("adagp", ours, makeOurs), own("multiply-adds", ours, makePeak)}

	count := fmt.Sprint(threads)
	children := []struct{ name, library, env string }{
		{"OpenBLAS", "openblas", ""},
		{"oneDNN", "dnnl", ""},
	}
	switch level {
	case asm.AVX512:
		children[0].name, children[0].env = "OpenBLAS SkylakeX", "OPENBLAS_CORETYPE=SkylakeX"
	case asm.AVX2:
		children[0].name, children[0].env = "OpenBLAS Haswell", "OPENBLAS_CORETYPE=Haswell"
		children[1].name, children[1].env = "oneDNN AVX2", "DNNL_MAX_CPU_ISA=AVX2"
	}
	for _, c := range children {
		if peer == "" {
			break
		}
		env := append(os.Environ(), "OPENBLAS_NUM_THREADS="+count, "OMP_NUM_THREADS="+count, c.env)
		if cpuTime {
			env = append(env, "PEER_CPU_TIME=1")
		}
		child, err := start(peer, c.name, c.library, env)
		if err != nil {
			return nil, err
		}
		all = append(all, child)
	}
	if level != asm.AVX2 { // the Go libraries have one level only, and one comparison is enough
		all = append(all, own("gonum", processors, makeGonum), own("spago", processors, makeSpago))
	}
	return all, nil
}

// library is a contender in this process.
type library struct {
	title string
	enter func()            // selects threads and level
	make  func(task) func() // nil: no such function
	task  task
	call  func()
}

func (l *library) name() string { return l.title }
func (l *library) close()       {}

func (l *library) time(x task, calls int) (float64, error) {
	l.enter()
	if l.task != x {
		l.task, l.call = x, nil // the old operands may go before the new ones come
		l.call = l.make(x)
	}
	if l.call == nil {
		return -1, nil
	}
	start := now()
	for range calls {
		l.call()
	}
	return (now() - start) / float64(calls), nil
}

func random(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	return x
}

func matrix(rows, cols int) *tensor.Tensor { return tensor.FromSlice(random(rows*cols), rows, cols) }

// spd returns a well conditioned positive definite matrix.
func spd(n int) *linalg.Matrix {
	h := linalg.New(n, n)
	linalg.AddGram(h, matrix(2*n, n))
	return h
}

// memory is how many elements gemv's matrices are taken from in turn, as in native/peer.c.
const memory = 128 << 20

// turns returns a function that returns the parts of a long slice in turn.
func turns(size int) func() []float32 {
	all, at := random(memory), 0
	return func() []float32 {
		if at+size > len(all) {
			at = 0
		}
		at += size
		return all[at-size : at]
	}
}

func makeOurs(x task) func() {
	switch x.kind {
	case "gemm":
		dst := tensor.New(x.m, x.n)
		switch x.trans {
		case "NN":
			a, b := matrix(x.m, x.k), matrix(x.k, x.n)
			return func() { tensor.MatMulInto(dst, a, b) }
		case "NT":
			a, b := matrix(x.m, x.k), matrix(x.n, x.k)
			return func() { tensor.MatMulNTInto(dst, a, b) }
		}
	case "gram":
		a, dst := matrix(x.m, x.n), tensor.New(x.n, x.n)
		return func() { tensor.GramInto(dst, a) }
	case "gemv":
		next, v, y := turns(x.m*x.n), matrix(1, x.n), tensor.New(1, x.m)
		return func() { tensor.MatMulNTInto(y, v, tensor.FromSlice(next(), x.m, x.n)) }
	case "factor", "halves": // the same to us: the factor of the inverse is a factor's inverse
		h, u := spd(x.n), linalg.New(x.n, x.n)
		return func() {
			if err := linalg.InverseUpperFactorInto(u, h); err != nil {
				panic(err)
			}
		}
	}
	return nil
}

// makePeak returns as many multiply-adds as a product has, in registers: what its time cannot fall
// below.
func makePeak(x task) func() {
	if x.kind != "gemm" {
		return nil
	}
	pieces := 8 * parallel.Threads()
	turns := 2 * x.m * x.n * x.k / asm.MultiplyAddLoop32(1) / pieces
	return func() {
		parallel.For(pieces, 1, func(lo, hi int) { asm.MultiplyAddLoop32((hi - lo) * turns) })
	}
}

func makeGonum(x task) func() {
	var b blasgonum.Implementation
	var l lapackgonum.Implementation
	switch x.kind {
	case "gemm":
		p, q, c := random(x.m*x.k), random(x.k*x.n), make([]float32, x.m*x.n)
		if x.trans == "NT" {
			return func() { b.Sgemm(blas.NoTrans, blas.Trans, x.m, x.n, x.k, 1, p, x.k, q, x.k, 0, c, x.n) }
		}
		return func() { b.Sgemm(blas.NoTrans, blas.NoTrans, x.m, x.n, x.k, 1, p, x.k, q, x.n, 0, c, x.n) }
	case "gram":
		a, c := random(x.m*x.n), make([]float32, x.n*x.n)
		return func() { b.Ssyrk(blas.Lower, blas.Trans, x.n, x.m, 1, a, x.n, 0, c, x.n) }
	case "gemv":
		next, v, y := turns(x.m*x.n), random(x.n), make([]float32, x.m)
		return func() { b.Sgemv(blas.NoTrans, x.m, x.n, 1, next(), x.n, v, 1, 0, y, 1) }
	case "factor", "halves":
		n, h := x.n, spd(x.n)
		u := make([]float64, n*n)
		return func() {
			copy(u, h.Data)
			ok := l.Dpotrf(blas.Lower, n, u, n)
			if x.kind == "halves" {
				ok = ok && l.Dtrtri(blas.Lower, blas.NonUnit, n, u, n)
			} else {
				l.Dpotri(blas.Lower, n, u, n)
				ok = ok && l.Dpotrf(blas.Lower, n, u, n)
			}
			if !ok {
				panic("gonum: not positive definite")
			}
		}
	}
	return nil
}

func makeSpago(x task) func() {
	dense := func(rows, cols int) *mat.Dense[float32] {
		return mat.NewDense[float32](mat.WithShape(rows, cols), mat.WithBacking(random(rows*cols)))
	}
	if x.kind != "gemm" {
		return nil
	}
	a, b := dense(x.m, x.k), dense(x.k, x.n) // it has no product with a transposed B; this is the same work
	return func() { a.Mul(b) }
}
