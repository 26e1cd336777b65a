package all_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/all"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// memoryShape is the smallest on which a plan can be told from what is taken: the sums and factors of the widest
// matrix are to the rest as they are in models of billions of weights, and the peaks are tens of MiB, of which the
// garbage collector tells whole ones.
var memoryShape = bigmodel.Shape{Hidden: 288, Intermediate: 768, Layers: 2, Heads: 4, KVHeads: 4, Vocab: 512, Positions: 64, DType: tensor.F16}

// margin is how much more than what is taken may be planned, as a share of it.
const margin = 0.1

// allPlans is the variable of the environment that asks for the whole list of cases.
const allPlans = "ADAGP_TEST_ALL_PLANS"

// memoryCase is one row of the table.
type memoryCase struct {
	Method   string
	Settings registry.Settings
	Pattern  sparsity.Pattern
	Bits     int  // of grids; 0: none
	Feedback bool // weights are rounded to them so that later ones make up for earlier ones
}

func (c memoryCase) String() string {
	name := c.Method
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		name += fmt.Sprintf(",%s=%s", key, c.Settings[key])
	}
	name += "," + c.Pattern.String()
	if c.Bits > 0 {
		name += fmt.Sprintf(",%d bits", c.Bits)
	}
	if c.Feedback {
		name += " with feedback"
	}
	return name
}

func (c memoryCase) options() (o prune.Options, err error) {
	o.Pattern = c.Pattern
	if c.Bits > 0 {
		o.Quantize = &quant.Spec{Bits: c.Bits, Group: 64}
	}
	if c.Feedback {
		o.Feedback = sparsegpt.Solver{}
	}
	o.Method, err = registry.New(c.Method, c.Settings)
	return o, err
}

// memoryCases are all registered methods with all presets, for both kinds of patterns, without and with grids, these
// with and without feedback. The short list has each preset without grids at a sparsity, and with grids at 2:4; one method
// is enough there to see that rounding to the nearest is planned.
func memoryCases(short bool) (all []memoryCase) {
	for _, m := range registry.Methods() {
		forms := []registry.Settings{nil}
		if registry.Flags(m.Name).Lookup("preset") != nil {
			forms = []registry.Settings{{"paper": "true"}}
			for _, preset := range adagp.Presets {
				forms = append(forms, registry.Settings{"preset": preset})
			}
		}
		for _, settings := range forms {
			all = append(all, memoryCase{Method: m.Name, Settings: settings, Pattern: sparsity.Unstructured(0.6)},
				memoryCase{Method: m.Name, Settings: settings, Pattern: sparsity.NM(2, 4), Bits: 4, Feedback: m.Name != "wanda"})
			if !short {
				all = append(all, memoryCase{Method: m.Name, Settings: settings, Pattern: sparsity.NM(2, 4)},
					memoryCase{Method: m.Name, Settings: settings, Pattern: sparsity.Unstructured(0.6), Bits: 4},
					memoryCase{Method: m.Name, Settings: settings, Pattern: sparsity.Unstructured(0.6), Bits: 4, Feedback: true})
			}
		}
	}
	return all
}

// The measuring is done by a process of its own, on one thread, with a garbage collector that stops the world whenever
// live memory has grown by a hundredth: each collection finds exactly what is reachable at an allocation, and no peak that
// is higher by more falls between two of them. What it finds the run time writes to stderr, in whole MiB. Unlike
// resident memory, or samples of it, this depends neither on garbage nor on what else the machine does, and comes
// out the same each time. What more threads take beside that is small, except for refit-exact, which plans it.
var measuring = []string{"GODEBUG=gcstoptheworld=2,gctrace=1", "GOGC=1", "GOMEMLIMIT=off", "GOMAXPROCS=1"}

// Variables of the environment that make this binary such a process: a case as JSON, and the model's folder.
const (
	caseVariable  = "ADAGP_TEST_MEMORY_CASE"
	modelVariable = "ADAGP_TEST_MEMORY_MODEL"
)

func TestMain(m *testing.M) {
	text := os.Getenv(caseVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := measured(text, os.Getenv(modelVariable)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// measured prunes, and says on stderr, between the lines of the collector, what is live before, and which part of the
// run begins; the plan goes to stdout.
func measured(text, dir string) error {
	var c memoryCase
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	m, err := models.Open(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	o, err := c.options()
	if err != nil {
		return err
	}
	windows := memoryWindows()
	plan, err := prune.PlanRun(m, windows, o)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(plan); err != nil {
		return err
	}
	at := before
	o.Progress = func(e prune.Event) {
		if p := partOf(e); p != at {
			at = p
			println("part", p) // in one piece, which fmt would not do beside the collector
		}
	}
	warm()
	ballast := make([]byte, ballastBytes)
	runtime.GC()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	println("live", live[0].Value.Uint64())
	_, err = prune.Run(context.Background(), m, windows, o, nowhere{})
	println("part", after)
	runtime.KeepAlive(windows)
	runtime.KeepAlive(ballast)
	return err
}

// ballastBytes are live during the whole run, so that while little else is, not every page calls the collector.
const ballastBytes = 24 << 20

// warm has the products of large matrices take the memory that they never give back. It does not grow with the model,
// and the plan has it among what the process takes.
func warm() {
	const n = 768
	x, y := tensor.New(n, n), linalg.New(n, n)
	tensor.MatMulNT(x, x)
	linalg.Mul(y, y)
}

type nowhere struct{}

func (nowhere) Put(string, *tensor.Tensor) error { return nil }

// Parts of a run.
const (
	before = "before the layers"
	within = "the layers"
	last   = "the last step"
	after  = "after the run"
)

func partOf(e prune.Event) string {
	switch e.Stage {
	case prune.StagePrepare:
		return before
	case prune.StageFinish:
		return last
	}
	return within
}

// partOfStage is the part that a stage of a plan is about.
func partOfStage(name string) string {
	switch {
	case name == "embedding", strings.HasPrefix(name, "gradients"), strings.HasPrefix(name, "scores"):
		return before
	case strings.HasPrefix(name, "last step"):
		return last
	}
	return within
}

func memoryWindows() [][]int {
	windows := make([][]int, 16)
	for i := range windows {
		windows[i] = make([]int, 32)
		for j := range windows[i] {
			windows[i][j] = (37*i + 11*j*j + i*j) % memoryShape.Vocab
		}
	}
	return windows
}

// collected matches a line of the collector; the third figure is what it found to be live.
var collected = regexp.MustCompile(`^gc \d+ @.* \d+->\d+->(\d+) MB`)

// measure returns what a run plans and what it takes, in MiB above what was live before, part by part; the latter
// rounded down.
func measure(t *testing.T, c memoryCase, dir string) (planned, taken map[string]float64) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), caseVariable+"="+string(text), modelVariable+"="+dir), measuring...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	var plan prune.Plan
	if err := json.Unmarshal(out.Bytes(), &plan); err != nil {
		t.Fatal(err)
	}
	planned = map[string]float64{}
	for _, s := range plan.Stages {
		bytes := int64(0)
		for _, p := range s.Parts {
			if p.What != "the process" {
				bytes += p.Bytes
			}
		}
		planned[partOfStage(s.Name)] = max(planned[partOfStage(s.Name)], float64(bytes)/(1<<20))
	}
	part, base := before, 0.0
	taken = map[string]float64{}
	for lines := bufio.NewScanner(&errs); lines.Scan(); {
		line := lines.Text()
		if v, ok := strings.CutPrefix(line, "part "); ok {
			part = v
		} else if v, ok := strings.CutPrefix(line, "live "); ok {
			if base, err = strconv.ParseFloat(v, 64); err != nil {
				t.Fatal(err)
			}
			base /= 1 << 20
			taken = map[string]float64{} // from here on
		} else if m := collected.FindStringSubmatch(line); m != nil {
			v, _ := strconv.ParseFloat(m[1], 64) // it is digits
			taken[part] = max(taken[part], v-base)
		}
	}
	return planned, taken
}

// TestPlans holds what is planned against what is taken, for everything that is registered: never less in any part of
// a run, and for the whole of it not more by more than the margin. What is taken is known to a MiB, of tens: the test is lenient by so
// much.
func TestPlans(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute, and about the kernels and the memory of an ordinary build")
	}
	dir := t.TempDir()
	if err := bigmodel.Write(dir, memoryShape, 1); err != nil {
		t.Fatal(err)
	}
	for _, c := range memoryCases(os.Getenv(allPlans) == "") {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			planned, taken := measure(t, c, dir)
			highest, most := 0.0, 0.0
			for _, part := range []string{before, within, last} {
				t.Logf("%s: planned %.1f MiB, taken %.1f MiB", part, planned[part], taken[part])
				highest, most = max(highest, planned[part]), max(most, taken[part])
				if planned[part] < taken[part] {
					t.Errorf("%s: planned %.1f MiB, taken at least %.1f MiB", part, planned[part], taken[part])
				}
			}
			if highest > (1+margin)*(most+1) {
				t.Errorf("planned %.1f MiB, taken at most %.1f MiB", highest, most+1)
			}
		})
	}
}
