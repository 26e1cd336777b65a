package parallel

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// setThreads changes the limit for the rest of a test.
func setThreads(t *testing.T, n int) {
	before := int(limit.Load())
	SetThreads(n)
	t.Cleanup(func() { SetThreads(before) })
}

func TestForCoversEveryIndexOnce(t *testing.T) {
	for _, threads := range []int{0, 1, 2, 3, 8} {
		setThreads(t, threads)
		for _, n := range []int{-1, 0, 1, 2, 7, 64, 1000, 1001} {
			for _, grain := range []int{-1, 0, 1, 3, 100, 5000} {
				counts := make([]atomic.Int32, max(n, 0))
				var short atomic.Int32
				For(n, grain, func(lo, hi int) {
					if lo >= hi || lo < 0 || hi > n {
						t.Errorf("threads=%d n=%d grain=%d: range [%d,%d)", threads, n, grain, lo, hi)
					}
					if hi-lo < grain && hi < n {
						short.Add(1)
					}
					for i := lo; i < hi; i++ {
						counts[i].Add(1)
					}
				})
				for i := range counts {
					if c := counts[i].Load(); c != 1 {
						t.Fatalf("threads=%d n=%d grain=%d: index %d visited %d times", threads, n, grain, i, c)
					}
				}
				if s := short.Load(); s != 0 {
					t.Errorf("threads=%d n=%d grain=%d: %d ranges shorter than the grain before the end", threads, n, grain, s)
				}
			}
		}
	}
}

func TestForRunsInline(t *testing.T) {
	for _, tc := range []struct{ threads, n, grain int }{{1, 1000, 1}, {4, 10, 10}, {4, 1, 1}} {
		setThreads(t, tc.threads)
		var calls [][2]int // unsynchronised: the race detector watches
		For(tc.n, tc.grain, func(lo, hi int) { calls = append(calls, [2]int{lo, hi}) })
		if want := [][2]int{{0, tc.n}}; !slices.Equal(calls, want) {
			t.Errorf("%+v: calls %v, want %v", tc, calls, want)
		}
	}
}

func TestForNestedRunsInline(t *testing.T) {
	setThreads(t, 4)
	var inner atomic.Int32
	For(8, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			For(100, 1, func(lo, hi int) {
				if lo != 0 || hi != 100 {
					t.Errorf("nested range [%d,%d), want [0,100)", lo, hi)
				}
				inner.Add(1)
			})
		}
	})
	if got := inner.Load(); got != 8 {
		t.Errorf("nested body called %d times, want 8", got)
	}
}

// Two ranges must be in progress at the same time for this to end.
func TestForUsesThreads(t *testing.T) {
	setThreads(t, 2)
	var both sync.WaitGroup
	both.Add(2)
	For(2, 1, func(lo, hi int) {
		for range hi - lo {
			both.Done()
		}
		both.Wait()
	})
}

func TestForPassesPanicsOn(t *testing.T) {
	boom := errors.New("boom")
	for _, threads := range []int{1, 4} {
		setThreads(t, threads)
		func() {
			defer func() {
				if got := recover(); got != boom {
					t.Errorf("threads=%d: recovered %v, want the value of the panic", threads, got)
				}
			}()
			For(1000, 1, func(lo, hi int) {
				if lo <= 500 && 500 < hi {
					panic(boom)
				}
			})
			t.Errorf("threads=%d: For returned", threads)
		}()
		// The cores are free again.
		var calls atomic.Int32
		For(1000, 1, func(lo, hi int) { calls.Add(1) })
		if calls.Load() < 2 && threads > 1 {
			t.Errorf("threads=%d: For runs inline after a panic", threads)
		}
	}
}

func TestThreads(t *testing.T) {
	setThreads(t, 3)
	if got := Threads(); got != 3 {
		t.Errorf("Threads() = %d after SetThreads(3)", got)
	}
	for _, all := range []int{0, -5} {
		SetThreads(all)
		if got, want := Threads(), runtime.GOMAXPROCS(0); got != want {
			t.Errorf("Threads() = %d after SetThreads(%d), want %d", got, all, want)
		}
	}
}

func ExampleFor() {
	squares := make([]int, 6)
	For(len(squares), 2, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			squares[i] = i * i
		}
	})
	fmt.Println(squares)
	// Output: [0 1 4 9 16 25]
}

// BenchmarkFor measures the cost of handing out nothing.
func BenchmarkFor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		For(1<<20, 1, func(lo, hi int) {})
	}
}

// Every row comes once, whatever the width.
func TestRows(t *testing.T) {
	for _, cols := range []int{0, 1, 1 << 14, 1 << 20} {
		seen := make([]int, 37)
		Rows(len(seen), cols, func(i int) { seen[i]++ })
		for i, n := range seen {
			if n != 1 {
				t.Errorf("%d columns: row %d came %d times", cols, i, n)
			}
		}
	}
}
