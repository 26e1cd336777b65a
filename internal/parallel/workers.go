package parallel

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a goroutine looks out for what comes next before it goes to
// sleep. To be woken up takes 10 to 120 µs, as long as a small product, and the next
// For is often nearer than that. With less patience than a waking takes, two that
// wait for each other would never find out of it.
const patience = int64(200 * time.Microsecond)

// A goroutine that did not get to look for heldUp shares its processor with another
// program. Then nobody looks out for as long as sulk: who sleeps instead is served
// first when there is something to do, and less likely to be held up in the middle
// of it.
const heldUp, sulk = int64(500 * time.Microsecond), int64(200 * time.Millisecond)

// sulking is until when, by the clock of now, nobody looks out.
var sulking atomic.Int64

var began = time.Now()

// now returns nanoseconds since the program began.
func now() int64 { return int64(time.Since(began)) }

// await waits until something happens, or in vain. It does not wait if that leaves
// no processor for so many others.
func await(others int64, happened func() bool) bool {
	start := now()
	if start < sulking.Load() || others >= int64(runtime.GOMAXPROCS(0)) {
		return happened()
	}
	for last := start; last-start <= patience; {
		for range 64 {
			if happened() {
				return true
			}
		}
		t := now()
		if t-last > heldUp {
			sulking.Store(t + sulk)
			break
		}
		last = t
	}
	return happened()
}

// crew are the workers that take part in a For besides its caller. They join when
// they notice it; those that come when all the work has been handed out stay away,
// and nobody waits for them.
type crew struct {
	seats   int64
	joined  atomic.Int64 // closed: no more
	left    atomic.Int64
	working sync.WaitGroup // seats that are taken or may be
}

const closed = -1

// join takes a seat if there is one.
func (c *crew) join() bool {
	for {
		n := c.joined.Load()
		if n == closed || n >= c.seats {
			return false
		}
		if c.joined.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave gives the seat back.
func (c *crew) leave() {
	c.left.Add(1)
	c.working.Done()
}

// open offers a For to so many workers.
func (s *spread) open(seats int) {
	s.seats = int64(seats)
	s.working.Add(seats)
	staff.call(s, seats)
}

// close returns when everybody who joined has left.
func (c *crew) close() {
	joined := c.joined.Swap(closed)
	c.working.Add(int(joined - c.seats))
	if joined == 0 || await(joined, func() bool { return c.left.Load() == joined }) {
		return
	}
	c.working.Wait()
}

// pool is the workers of all Fors, of which one at a time is spread.
type pool struct {
	current atomic.Pointer[spread] // the For that was called last
	_       [64]byte               // all look at current, many write what follows
	awake   atomic.Int64           // workers that will notice the next one by themselves
	mu      sync.Mutex
	called  sync.Cond
	workers int // all there are
	asleep  int
}

var staff = newPool()

func newPool() *pool {
	p := new(pool)
	p.called.L = &p.mu
	return p
}

// call sees to it that so many workers notice s.
func (p *pool) call(s *spread, seats int) {
	p.current.Store(s)
	if p.awake.Load() >= int64(seats) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	missing := seats - int(p.awake.Load())
	for range min(missing, p.asleep) {
		p.called.Signal()
	}
	for p.workers < seats {
		p.workers++
		p.awake.Add(1)
		go p.serve(s)
	}
}

// serve is the life of a worker.
func (p *pool) serve(s *spread) {
	// A body may read a mapped file that somebody truncates. The fault is a panic then, which For raises
	// again where its caller can judge it.
	debug.SetPanicOnFault(true)
	defer func() { // a body called runtime.Goexit
		p.mu.Lock()
		defer p.mu.Unlock()
		p.workers--
	}()
	for {
		if s.join() {
			p.awake.Add(-1)
			s.takePart()
			p.awake.Add(1)
		}
		s = p.next(s)
	}
}

// takePart does a share of the work.
func (s *spread) takePart() {
	defer s.leave()
	s.work()
}

// next returns the For that was called after last.
func (p *pool) next(last *spread) *spread {
	if await(p.awake.Load(), func() bool { return p.current.Load() != last }) {
		return p.current.Load()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake.Add(-1)
	p.asleep++
	for p.current.Load() == last {
		p.called.Wait()
	}
	p.asleep--
	p.awake.Add(1)
	return p.current.Load()
}
