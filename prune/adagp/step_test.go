package adagp_test

import (
	"context"
	"slices"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsity"
)

// remark is a step on the model of a user's own.
type remark struct{}

func (remark) About() adagp.About {
	return adagp.About{Settings: map[string]any{"remark": 7}, Memory: func(prune.LayerShape) prune.StagePlan {
		return prune.NewStage("remarking", prune.Part{What: "remarks", Bytes: 1 << 20})
	}}
}

func (remark) Run(_ context.Context, f *prune.Final) error {
	f.Note("remark", float64(len(f.Masks)))
	return nil
}

// A step from outside of the package is run on the pruned model; the report has its settings, and the plan its memory.
func TestModelStepFromOutside(t *testing.T) {
	s := adagp.Fast()
	s.Model = append(s.Model, remark{})
	o := prune.Options{Method: adagp.New(s), Pattern: sparsity.Unstructured(0.5)}
	path, windows := golden.Path("models/rand-llama-bias"), countedWindows(96)
	_, r := pruned(t, path, windows, o)
	if want := []prune.Note{{Step: "remark", Value: 14}}; !slices.Equal(r.Finish, want) {
		t.Errorf("behind the layers %v, want %v", r.Finish, want)
	}
	if r.Hyperparameters["remark"] != 7 {
		t.Errorf("settings %v, want the step's among them", r.Hyperparameters)
	}
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	plan, err := prune.PlanRun(m, windows, o)
	if err != nil {
		t.Fatal(err)
	}
	last := plan.Stages[len(plan.Stages)-1]
	if !slices.Contains(last.Parts, prune.Part{What: "remarks", Bytes: 1 << 20}) {
		t.Errorf("the last stage is %+v, want the step's memory in it", last)
	}
}
