package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// Every method and pattern of the reference has a row and a column, or it would be left out in silence.
func TestReferenceFits(t *testing.T) {
	var reference map[string]modelReference
	d := json.NewDecoder(strings.NewReader(string(referenceJSON)))
	d.DisallowUnknownFields()
	if err := d.Decode(&reference); err != nil {
		t.Fatal(err)
	}
	cells := 0
	for model, ref := range reference {
		if !contains(modelOrder, model) || ref.Dense == 0 {
			t.Errorf("model %s is not shown", model)
		}
		for method, row := range ref.Rows {
			for pattern, v := range row {
				if !contains(methodOrder, method) || !contains(patternOrder, pattern) || !(v > ref.Dense) {
					t.Errorf("%s %s %s: %v is not shown, or better than the dense model", model, method, pattern, v)
				}
				cells++
			}
		}
	}
	if cells != 102 {
		t.Errorf("%d reference cells, want 102", cells)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestTables(t *testing.T) {
	s := &sweep{}
	err := json.Unmarshal([]byte(`{"dense": [3.6], "runs": [
		{"method": "sparsegpt", "pattern": {"sparsity": 0.7}, "seed": 0, "perplexity": [113], "cpu_seconds": 2, "threads": 1, "kernel": "avx2", "version": "abc"},
		{"method": "sparsegpt", "pattern": {"sparsity": 0.7}, "seed": 1, "perplexity": [115], "cpu_seconds": 4, "threads": 1, "kernel": "avx2", "version": "abc"},
		{"method": "adagp", "pattern": {"n": 2, "m": 4}, "seed": 0, "perplexity": [5], "threads": 1, "kernel": "avx2", "version": "abc"},
		{"method": "adagp", "pattern": {"sparsity": 0.5}, "seed": 0, "perplexity": [9], "threads": 1, "kernel": "avx2", "version": "abc"}]}`), s)
	if err != nil {
		t.Fatal(err)
	}
	var reference map[string]modelReference
	if err := json.Unmarshal(referenceJSON, &reference); err != nil {
		t.Fatal(err)
	}
	got := tables(reference, map[string]*sweep{"stories260k": s})
	for _, want := range []string{
		"1 of 1 measured cells of the baselines and of AdaGP as published are within 3 %", // 113 beside 112
		"1 of 2 of AdaGP+ meet or beat it",                                                // 5 beside 7.28, not 9 beside 5.83
		"- stories260k `adagp` 0.5 seed 0: 9.000, reference 5.830 (+54.4 %)",
		"103 cells that have a reference are not measured yet", // 102 + 4 of other seeds - 3
		"113 / 112", "114 (113–115), 2 of 3 seeds", "5.000 / 7.280", "| 4.0 |", "`sparsegpt` abc", "### llama-mini\n\nNot measured yet.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
