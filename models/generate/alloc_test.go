package generate

import (
	"runtime"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
)

// A token costs no memory that grows with the model but its keys and values, for which there is room in
// blocks: what an arena lends is used again. What is left are the variables, some hundred bytes an operation.
func TestTokenMemory(t *testing.T) {
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
		c := &nn.Context{Caches: []*nn.KVCache{nn.NewKVCache()}, Arena: autograd.NewArena()}
		ids := [][]int{{3}}
		token := func() {
			c.Arena.Reset()
			models.Forward(c, m, ids)
		}
		token()
		const tokens = 100 // stay within the first block of the cache
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		for range tokens {
			token()
		}
		runtime.ReadMemStats(&end)
		bytes := (end.TotalAlloc - start.TotalAlloc) / tokens / uint64(len(m.Layers()))
		if bytes > 8<<10 && !raceEnabled {
			t.Errorf("%s: %d bytes a token for each layer, want at most 8 KiB", path, bytes)
		}
		t.Logf("%s: %d bytes, %d objects a token for each layer", path, bytes, (end.Mallocs-start.Mallocs)/tokens/uint64(len(m.Layers())))
	}
}
