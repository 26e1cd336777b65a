package tensor_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/tensor"
)

func ExampleSetThreads() {
	defer tensor.SetThreads(0) // all cores again
	tensor.SetThreads(1)
	fmt.Println(tensor.Threads())
	// Output: 1
}

func TestThreadsOfAllCores(t *testing.T) {
	tensor.SetThreads(-3)
	if n := tensor.Threads(); n < 1 {
		t.Errorf("got %d threads, want all cores", n)
	}
}
