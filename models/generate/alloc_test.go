package generate

import (
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
)

// A token costs no memory but its keys and values, for which there is room in blocks.
func TestStepAllocations(t *testing.T) {
	before := parallel.Threads()
	defer parallel.SetThreads(before)
	parallel.SetThreads(1)
	for _, path := range []string{"demo:llama", "demo:opt"} {
		m, err := models.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.LoadStored(m.Walk); err != nil {
			t.Fatal(err)
		}
		s, caches, ids := nn.NewStep(), []*nn.KVCache{nn.NewKVCache()}, []int{3}
		net := m.CausalLM.(models.Stepper)
		net.Step(s, caches, ids)
		// 100 tokens stay within the first block of the cache.
		if n := testing.AllocsPerRun(100, func() { net.Step(s, caches, ids) }); n > 0 && !raceEnabled {
			t.Errorf("%s: %v allocations per token", path, n)
		}
	}
}
