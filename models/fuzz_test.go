package models_test

import (
	"os"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// FuzzBuild: whatever config.json says, building a model either fails with an error or gives
// parameters whose sizes can be counted, and never takes much memory.
func FuzzBuild(f *testing.F) {
	for _, tt := range goldenModels {
		if tt.path != "" {
			continue
		}
		b, err := os.ReadFile(golden.Path("models/" + tt.name + "/config.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		m, err := models.Build(config)
		if err != nil {
			return
		}
		if n := nn.Count(m.Walk); n <= 0 {
			t.Errorf("model of %d parameters", n)
		}
		for _, l := range m.Layers() {
			if err := l.Chain().Check(); err != nil {
				t.Error(err)
			}
		}
	})
}
