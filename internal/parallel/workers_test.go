package parallel

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// both returns when two ranges are in progress at the same time.
func both() {
	var two sync.WaitGroup
	two.Add(2)
	For(2, 1, func(lo, hi int) {
		for range hi - lo {
			two.Done()
		}
		two.Wait()
	})
}

// Workers take part whether they look out for work, sleep, or are about to.
func TestWorkersWakeUp(t *testing.T) {
	setThreads(t, 2)
	for i := range 60 {
		both()
		time.Sleep(time.Duration(i%12) * 25 * time.Microsecond)
	}
	time.Sleep(5 * time.Millisecond)
	both()
}

// More workers than processors, changing in number.
func TestWorkersComeAndGo(t *testing.T) {
	for i := range 200 {
		threads := 2 + i%7
		setThreads(t, threads)
		var all sync.WaitGroup
		all.Add(threads)
		For(threads, 1, func(lo, hi int) {
			for range hi - lo {
				all.Done()
			}
			all.Wait()
		})
	}
}

// A body that ends its goroutine, as a failing test does, takes its worker along;
// another one takes the place.
func TestWorkersThatExit(t *testing.T) {
	setThreads(t, 2)
	for range 5 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			For(2, 1, func(lo, hi int) { runtime.Goexit() })
			t.Error("For returned on a goroutine that ended")
		}()
		<-done
		both()
	}
}

// What a body refers to is not kept alive by workers that are slow to notice its end.
func TestForLetsGoOfItsBody(t *testing.T) {
	setThreads(t, 2)
	both()
	if staff.current.Load().body != nil {
		t.Error("the last For is over, but not its body")
	}
}
