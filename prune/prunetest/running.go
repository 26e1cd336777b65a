package prunetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
)

// sameFromManyGoroutines: one solver value is used by several goroutines at once, on problems of different
// sizes; each gets the bytes that it gets alone. The race detector sees more.
func sameFromManyGoroutines(t testing.TB, s local.Solver) {
	problems := []*local.Problem{Random(41, 40, 64, 200, sparsity.Unstructured(0.6)), Random(42, 24, 48, 150, sparsity.NM(2, 4))}
	alone := []*local.Solution{solve(t, s, problems[0]), solve(t, s, problems[1])}
	const goroutines = 6
	var all sync.WaitGroup
	var errs [goroutines]error
	for g := range errs {
		all.Go(func() {
			for range 3 {
				sol, err := local.Solve(context.Background(), s, problems[g%2])
				if err == nil && !(sol.Mask.Equal(alone[g%2].Mask) && equal(sol.W.Data, alone[g%2].W.Data)) {
					err = errors.New("another result than alone")
				}
				errs[g] = errors.Join(errs[g], err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Errorf("%d goroutines at once: %v", goroutines, err)
	}
}

// endingContext is cancelled when it is looked at for the last time that is allowed.
type endingContext struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
	looks  atomic.Int64
}

// endAfter returns a context that ends at the given look at it; never, if that is negative.
func endAfter(looks int64) *endingContext {
	c := &endingContext{}
	c.Context, c.cancel = context.WithCancel(context.Background())
	c.left.Store(looks)
	return c
}

func (c *endingContext) look() {
	c.looks.Add(1)
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}

func (c *endingContext) Err() error {
	c.look()
	return c.Context.Err()
}

func (c *endingContext) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

// moreLooks is how often a solver may look at a context after its end: once for each thread, and as
// often on the way out.
const moreLooks = 100

// endsWhenCancelled: the error is the context's, and comes wherever the solver looks at it.
func endsWhenCancelled(t testing.TB, s local.Solver) {
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.NM(2, 4)} {
		p := Random(4, 96, 160, 320, pattern)
		whole := endAfter(-1)
		if _, err := s.Solve(whole, p); err != nil {
			t.Fatal(err)
		}
		n := whole.looks.Load()
		whole.cancel()
		if n == 0 {
			t.Errorf("%v: the solver never looks at its context", pattern)
			continue
		}
		for _, at := range []int64{1, max(1, n/4), max(1, n/2), max(1, n-n/8)} {
			c := endAfter(at)
			sol, err := s.Solve(c, p)
			c.cancel()
			if !errors.Is(err, context.Canceled) || sol != nil {
				t.Errorf("%v: cancelled at look %d of %d: error %v, solution %v; want the context's error and none", pattern, at, n, err, sol != nil)
			}
			if more := c.looks.Load() - at; more > moreLooks {
				t.Errorf("%v: cancelled at look %d of %d, and the solver looked %d times more", pattern, at, n, more)
			}
		}
	}
}

// keepsToItsWorkspace: what is alive at one time, beside the problem, is no more than the solver says, or,
// where it says nothing, than prune.WorkspaceOf guesses: by a tenth of its word, or half of the guess, and
// half a mebibyte for the buffers of kernels. The heap is looked at on one thread, wherever the solver looks
// at its context: nothing is invented, but what comes and goes between two looks is missed.
func keepsToItsWorkspace(t testing.TB, s local.Solver) {
	defer parallel.SetThreads(0)
	parallel.SetThreads(1)
	for _, shape := range [][2]int{{320, 256}, {96, 480}} {
		p := Random(51, shape[0], shape[1], 640, sparsity.Unstructured(0.6))
		planned := prune.WorkspaceOf(s, shape[0], shape[1], 0.4)
		c := &weighingContext{Context: context.Background()}
		c.before = c.live()
		sol, err := s.Solve(c, p)
		if err != nil {
			t.Fatal(err)
		}
		c.look()
		limit := planned + planned/2
		if _, says := s.(prune.Workspace); says {
			limit = planned + planned/10
		}
		if limit += 1 << 19; c.most > limit {
			t.Errorf("%d×%d: %d bytes at one time, planned %d, allowed %d", shape[0], shape[1], c.most, planned, limit)
		}
		runtime.KeepAlive(p)
		runtime.KeepAlive(sol)
	}
}

// weighingContext notes how many bytes are alive, beyond those before, when it is looked at, unless that was
// just now.
type weighingContext struct {
	context.Context
	before, most int64
	next         time.Time
}

// live collects twice, since pools give up what they hold at the second time only.
func (c *weighingContext) live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (c *weighingContext) look() {
	c.most = max(c.most, c.live()-c.before)
	c.next = time.Now().Add(2 * time.Millisecond)
}

func (c *weighingContext) Err() error {
	if time.Now().After(c.next) {
		c.look()
	}
	return nil
}
