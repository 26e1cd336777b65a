package prune_test

import (
	"errors"
	"maps"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// planned returns the plan for stories260k on n windows of 64 tokens.
func planned(t *testing.T, n int, o prune.Options) (*prune.Plan, error) {
	t.Helper()
	m, err := models.Open(golden.Path("models/stories260k"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var windows [][]int
	for range n {
		windows = append(windows, make([]int, 64))
	}
	return prune.PlanRun(m, windows, o)
}

// TestPlan: what a plan gives up follows the budget, and the last thing is named by the error.
func TestPlan(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Unstructured(0.5)}
	free, err := planned(t, 640, o)
	if err != nil || free.Scratch.Where != "memory" || free.Finish != "runs" || !free.SameBits || free.Smallest >= free.Peak {
		t.Fatalf("without a budget: %+v, error %v", free, err)
	}
	peaks := free.Peak
	seen := map[string]bool{}
	for {
		o.Memory = peaks - 1
		p, err := planned(t, 640, o)
		var small *prune.MemoryError
		if errors.As(err, &small) {
			if small.Smallest != free.Smallest || small.Budget != o.Memory || !strings.Contains(err.Error(), small.Stage) || small.Stage == "" {
				t.Errorf("error %v with smallest %d, want %d", err, small.Smallest, free.Smallest)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Peak > o.Memory || p.Scratch.Where != "file" || p.Smallest != free.Smallest || p.SameBits != (p.Finish == "runs" && p.Windows == free.Windows) {
			t.Errorf("with %d bytes: %+v", o.Memory, p)
		}
		seen[p.Finish] = true
		peaks = p.Peak
	}
	if o.Memory >= free.Smallest {
		t.Errorf("a budget of %d was refused, and %d would be enough", o.Memory, free.Smallest)
	}
	for _, bad := range []prune.Options{{Method: prunetest.Method("adagp"), Memory: -1}, {Method: prunetest.Method("adagp"), ScratchDType: dtypePointer(tensor.F16)}} {
		if _, err := planned(t, 2, bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// TestPlanIgnoresWindows: with hidden states in a file their number matters no more than by their ids.
func TestPlanIgnoresWindows(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)}
	ids := func(p *prune.Plan) int64 {
		for _, part := range p.Stages[0].Parts {
			if part.What == "token ids of texts" {
				return part.Bytes
			}
		}
		return 0
	}
	held, err := planned(t, 64, prune.Options{Method: o.Method, Pattern: o.Pattern, Held: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if ids(held) < 1<<30 || held.Peak < 1<<30 {
		t.Errorf("what the caller holds is not counted: %d of %d", ids(held), held.Peak)
	}
	few, err := planned(t, 64, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{64, 256, 1024} {
		p, err := planned(t, n, o)
		if err != nil {
			t.Fatal(err)
		}
		more := ids(p) - ids(few)
		rounded := p.Smallest - few.Smallest - more - more/10 // shares of the collector are whole bytes
		if more != ids(few)*int64(n-64)/64 || rounded < 0 || rounded > 1 || n > 64 && p.Peak <= few.Peak {
			t.Errorf("%d windows: smallest budget %d, want %d and what their ids take; peak in memory %d, want above %d", n, p.Smallest, few.Smallest, p.Peak, few.Peak)
		}
	}
}

// TestBudgetGivesTheSameBits: hidden states in a file of float32 change nothing, in bfloat16 they do, and
// the sums over tokens are those of all batches either way.
func TestBudgetGivesTheSameBits(t *testing.T) {
	for _, o := range []prune.Options{
		{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{1, 3}},
		{Method: prunetest.Method("wanda"), Allocation: "owl", Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 2}},
		{Method: prunetest.Method("adagp", "preset", "best"), Pattern: sparsity.NM(2, 4), Layers: [2]int{0, 2}},
		{Method: prunetest.Method("adagp", "paper", true, "epochs", 2), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 2}},
	} {
		t.Run(methodName(o.Method), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, want, err := runKept(t, golden.Path(stories), filepath.Join(dir, "free"), false, 1<<30, o)
			if err != nil {
				t.Fatal(err)
			}
			o.ScratchDir = dir
			o.InFile = true
			report, got, err := runKept(t, golden.Path(stories), filepath.Join(dir, "file"), false, 1<<30, o)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("hidden states in a file: other tensors, report %+v", report)
			}
			o.ScratchDType = dtypePointer(tensor.BF16)
			says, rounded, err := runKept(t, golden.Path(stories), filepath.Join(dir, "rounded"), false, 1<<30, o)
			if err != nil || maps.Equal(rounded, want) {
				t.Fatalf("hidden states rounded to bfloat16: error %v, or the same tensors", err)
			}
			if a, b := says.Hyperparameters["hidden_states"], report.Hyperparameters["hidden_states"]; a != "BF16" || b != nil {
				t.Errorf("hidden states are reported as %v, want BF16, and as %v where they are float32", a, b)
			}
		})
	}
}

// TestRunLeavesTheCollectorAlone: the limit of the garbage collector belongs to the process, not to a library.
func TestRunLeavesTheCollectorAlone(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	events := 0
	o := prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5), Memory: 1 << 30, Progress: func(prune.Event) {
		events++
		if now := debug.SetMemoryLimit(-1); now != before {
			t.Fatalf("a limit of %d bytes during a run, %d before", now, before)
		}
	}}
	prunedRun(t, "stories260k", randomWindows(512, 24, 24), o)
	if events == 0 {
		t.Error("no event to look at the limit")
	}
	p, err := planned(t, 2, o)
	if err != nil || p.RuntimeLimit() >= 1<<30 || p.RuntimeLimit() < 1<<29 {
		t.Errorf("a program is told a limit of %d bytes, error %v; want most of the budget", p.RuntimeLimit(), err)
	}
}

func dtypePointer(d tensor.DType) *tensor.DType { return &d }
