// Command decode measures how fast tokens are decoded one after the other, which is how fast the
// weights are read: a LLaMA shape with 134 million random weights, dense in float32 and bfloat16, and
// packed at several shares of zeros.
//
//	go run ./bench/decode                  one thread
//	go run ./bench/decode -threads 2
//
// The models take turns, a few tokens at a time, each turn beside a sample of the memory's speed. Rates
// are medians over the turns. "of bound" is the rate in relation to reading every weight that a token
// needs once, at the speed of a loop that does nothing but load.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor/packed"
)

func main() {
	dir := flag.String("dir", "", "folder to keep the models in (default: a temporary one)")
	threads := flag.Int("threads", 1, "threads")
	rounds := flag.Int("rounds", 7, "turns of each model")
	tokens := flag.Int("tokens", 8, "tokens per turn")
	heads := flag.Bool("dense-head", false, "leave the head of the packed models dense, as pruning does")
	cpu := flag.Bool("cpu", false, "count processor time instead of wall time, for a machine that is busy otherwise; with one thread")
	only := flag.String("only", "", "comma-separated models, if not all")
	profile := flag.String("cpuprofile", "", "write a profile of the turns to `FILE`")
	child := flag.String("child", "", "decode with this model and print the memory taken; used by the program itself")
	flag.Parse()
	parallel.SetThreads(*threads)
	if *cpu {
		now = bench.ProcessorTime
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "decode:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	err := run(*dir, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }), *rounds, *tokens, *heads, *child)
	if err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func run(dir string, only []string, rounds, tokens int, denseHead bool, child string) error {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "decode")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	if child != "" {
		return measureMemory(filepath.Join(dir, child))
	}
	if err := prepare(context.Background(), dir); err != nil {
		return err
	}
	var all []*contender
	for _, v := range variants {
		if len(only) > 0 && !slices.Contains(only, v.name) {
			continue
		}
		c, err := open(filepath.Join(dir, v.name))
		if err != nil {
			return err
		}
		defer c.model.Close()
		c.name = v.name
		all = append(all, c)
	}
	if denseHead {
		for _, c := range all[min(2, len(all)):] {
			c.net.LMHead = all[1].net.LMHead
		}
	}
	reads := measure(all, rounds, tokens)
	for _, c := range all {
		out, err := exec.Command(os.Args[0], "-dir", dir, "-child", c.name).Output()
		if err == nil {
			c.memory, err = strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		}
		if err != nil {
			return fmt.Errorf("memory of %s: %w", c.name, err)
		}
	}
	print(all, reads)
	return nil
}

// now is the clock.
var now = func() time.Duration { return time.Since(started) }

var started = time.Now()

// contender is one model on its way through a text.
type contender struct {
	name   string
	model  *models.Model
	net    *decoder.Model
	pass   nn.Context
	rates  []float64 // tokens per second, by turn
	memory int64
}

// positions is how long texts get before they start over.
const positions = 256

func open(path string) (*contender, error) {
	m, err := models.Open(path)
	if err != nil {
		return nil, err
	}
	if err := m.LoadStored(m.Walk); err != nil {
		return nil, err
	}
	pass := nn.Context{Arena: autograd.NewArena(), Caches: []*nn.KVCache{nn.NewKVCache()}}
	return &contender{model: m, net: m.CausalLM.(*decoder.Model), pass: pass}, nil
}

// decode feeds tokens one by one, the likeliest each time.
func (c *contender) decode(tokens int) {
	if cache := c.pass.Caches[0]; cache.Len()+tokens > positions {
		cache.Truncate(0)
	}
	id := 1
	for range tokens {
		c.pass.Arena.Reset()
		logits := models.Forward(&c.pass, c.net, [][]int{{id}}).Value.Row(0)
		best := 0
		for i, v := range logits {
			if v > logits[best] {
				best = i
			}
		}
		id = best
	}
}

// bytes is what a token needs to read: all stored weights but the embedding table.
func (c *contender) bytes() int64 {
	var n int64
	for _, l := range c.net.Layers() {
		for _, lin := range l.Linears() {
			n += lin.Weight.Held().(packed.Matrix).Bytes()
		}
	}
	return n + c.net.LMHead.Weight.Held().(packed.Matrix).Bytes()
}

// measure lets the contenders take turns and returns the bytes per second that the memory delivers.
func measure(all []*contender, rounds, tokens int) float64 {
	const piece = 2 << 20 // elements: 8 MiB
	pieces := 4 * parallel.Threads()
	memory := make([]float32, 64<<20)
	for i := range memory {
		memory[i] = 1
	}
	at := 0
	var reads []float64
	read := func() {
		if at+pieces*piece > len(memory) {
			at = 0
		}
		part := memory[at : at+pieces*piece]
		at += len(part)
		start := now()
		parallel.For(pieces, 1, func(lo, hi int) { asm.ReadLoop(part[lo*piece : hi*piece]) })
		reads = append(reads, 4*float64(len(part))/(now()-start).Seconds())
	}
	for round := range rounds + 1 {
		for _, c := range all {
			read()
			start := now()
			c.decode(tokens)
			if seconds := (now() - start).Seconds(); round > 0 { // the first warms up
				c.rates = append(c.rates, float64(tokens)/seconds)
			}
		}
	}
	return median(reads)
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// print writes the table.
func print(all []*contender, reads float64) {
	fmt.Printf("%d threads, %s; memory delivers %.1f GB/s\n\n", parallel.Threads(), asm.Current(), reads/1e9)
	fmt.Println("| weights | bytes per token | tokens/s | against the first | of bound | resident memory |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: |")
	for _, c := range all {
		r := median(c.rates)
		fmt.Printf("| %s | %.1f MB | %.1f | %.2f | %.2f | %.0f MB |\n",
			c.name, float64(c.bytes())/1e6, r, r/median(all[0].rates), r*float64(c.bytes())/reads, float64(c.memory)/1e6)
	}
}

// measureMemory prints the peak of the resident memory of a process that only decodes.
func measureMemory(path string) error {
	c, err := open(path)
	if err != nil {
		return err
	}
	defer c.model.Close()
	c.decode(32)
	fmt.Println(prune.PeakRSS())
	return nil
}
