// Package parallel splits index ranges over the cores.
//
// It is the only place in the project that starts goroutines for arithmetic.
// One level owns the cores: a call of [For] from inside the body of another
// runs inline, so nested parallel code never oversubscribes the machine.
//
// Bodies must write disjoint outputs and must not let a result depend on where
// the range was cut; then everything computed through For is bit-identical
// for any number of threads.
package parallel

import (
	"runtime"
	"sync/atomic"
)

// chunksPerThread is how many pieces each thread gets on average. More than one
// evens out pieces of unequal cost (triangles, causal attention) and cores that
// are shared with other programs; many more would pay for the hand-out.
const chunksPerThread = 4

var (
	// limit is the number set by SetThreads; 0 means all cores.
	limit atomic.Int64
	// busy is true while some For is spread over the cores.
	busy atomic.Bool
)

// Threads returns how many threads a call of [For] uses at most.
func Threads() int {
	if n := int(limit.Load()); n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// SetThreads limits [For] to n threads; n < 1 means all cores.
// It applies to calls that start afterwards.
func SetThreads(n int) {
	limit.Store(int64(max(n, 0)))
}

// For calls body on contiguous ranges [lo, hi) that together cover [0, n)
// exactly once, each of at least grain indices except possibly the last, and
// returns when all calls have returned. grain < 1 counts as 1.
//
// It runs body(0, n) on the calling goroutine if n <= grain, if there is one
// thread, or if another For is spread over the cores already (in particular the
// one whose body we are in). With n < 1 body is not called.
//
// A panic in body is raised again, with the same value, on the calling
// goroutine once the other ranges are finished.
func For(n, grain int, body func(lo, hi int)) {
	if n < 1 {
		return
	}
	grain = max(grain, 1)
	threads := Threads()
	if n <= grain || threads == 1 || !busy.CompareAndSwap(false, true) {
		body(0, n)
		return
	}
	chunk := max(grain, (n-1)/(threads*chunksPerThread)+1)
	s := &spread{n: n, chunk: chunk, body: body}
	func() {
		defer busy.Store(false)
		s.open(min(threads, (n-1)/chunk+1) - 1)
		defer s.close()
		s.work()
	}()
	s.body = nil // workers may hold on to s until they notice the next one
	if p := s.failed.Load(); p != nil {
		panic(p.value)
	}
}

// Rows calls body for every row of a matrix [rows, cols], as [For] does.
func Rows(rows, cols int, body func(i int)) {
	For(rows, RowGrain(cols), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i)
		}
	})
}

// RowGrain is the number of rows of cols numbers that are worth a goroutine when a number costs a few
// operations.
func RowGrain(cols int) int { return max(1, 1<<14/max(1, cols)) }

// spread is one For in progress: workers take the next chunk until none is left.
type spread struct {
	n, chunk int
	body     func(lo, hi int)
	next     atomic.Int64 // first index not handed out
	failed   atomic.Pointer[failure]
	crew
}

// failure carries the value of a panic to the goroutine that called For.
type failure struct{ value any }

func (s *spread) work() {
	finished := false
	defer func() {
		if finished {
			return
		}
		// recover returns nil after runtime.Goexit (t.FailNow in a body); there is nothing to pass on then.
		if v := recover(); v != nil {
			s.failed.CompareAndSwap(nil, &failure{v})
		}
	}()
	for s.failed.Load() == nil {
		hi := int(s.next.Add(int64(s.chunk)))
		lo := hi - s.chunk
		if lo >= s.n {
			break
		}
		s.body(lo, min(hi, s.n))
	}
	finished = true
}
