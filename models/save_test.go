package models_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// A saved model opens again and has the same logits; what cannot be saved leaves nothing behind.
func TestSave(t *testing.T) {
	for _, name := range []string{"rand-llama-tied", "rand-llama-bias", "rand-opt350", "rand-opt-noprefix-bin"} {
		t.Run(name, func(t *testing.T) {
			path := golden.Path("models/" + name)
			m := openLoaded(t, path)
			config, err := os.ReadFile(filepath.Join(path, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			parent := t.TempDir()
			dir := filepath.Join(parent, "saved")
			if err := models.Save(dir, m, config, tensor.F32); err != nil {
				t.Fatal(err)
			}
			ids := []int{3, 1, 4, 1, 5}
			checkClose(t, "logits", logitsOf(openLoaded(t, dir), ids), logitsOf(m, ids), 0)
			if err := models.Save(dir, m, config, tensor.F32); !errors.Is(err, fs.ErrExist) {
				t.Errorf("saving twice: got error %v, want that the folder exists", err)
			}
			bad := filepath.Join(parent, "bad")
			wantError(t, models.Save(bad, m, []byte(`{"architectures": ["Nobody"]}`), tensor.F32), bad, `"Nobody"`)
			wider := strings.Replace(string(config), `"vocab_size": `, `"vocab_size": 1`, 1)
			wantError(t, models.Save(bad, m, []byte(wider), tensor.F32), bad, "its configuration wants")
			params := nn.Params(m.Walk)
			params[1].Value().Data()[0] = float32(math.Inf(1))
			wantError(t, models.Save(bad, m, config, tensor.F32), bad, params[1].Name, "+Inf")
			params[1].Set(nil)
			wantError(t, models.Save(bad, m, config, tensor.F32), bad, params[1].Name, "no values")
			if list, err := os.ReadDir(parent); err != nil || len(list) != 1 {
				t.Errorf("left in the folder: %v, error %v", list, err)
			}
		})
	}
}
