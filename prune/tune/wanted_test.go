package tune

import (
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestWantedKept compares tuning with the teacher's last hidden states kept and computed anew.
func TestWantedKept(t *testing.T) {
	defer func(n int) { wantedBytes = n }(wantedBytes)
	var results []Result
	for _, bytes := range []int{wantedBytes, 0} {
		wantedBytes = bytes
		student, teacher := benchModel(t, "demo:llama"), benchModel(t, "demo:llama")
		lin := student.Layers()[0].Linears()[0]
		masks := map[*nn.Linear]*sparsity.Mask{lin: everyOther(lin.Weight.Value())}
		ids := make([][]int, 8)
		for i := range ids {
			for k := range 12 {
				ids[i] = append(ids[i], (7*i+k*k)%student.Config().VocabSize)
			}
		}
		d, err := newGlobal(student, teacher, masks, ids, Options{BatchWindows: 3})
		if err != nil {
			t.Fatal(err)
		}
		undo := d.weights.only(student.Walk)
		r, err := d.run(t.Context())
		undo()
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if results[0] != results[1] || results[0].Step == 0 {
		t.Errorf("kept: %+v, computed anew: %+v, want the same, and something gained", results[0], results[1])
	}
}
