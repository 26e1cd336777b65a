package models_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// familyTolerance is the largest accepted difference of a logit or a hidden state: the reference's own float32 run is
// within a fifth of it.
const familyTolerance = 1e-4

// families are small random checkpoints of many families, with what the reference makes of two texts.
func families(t *testing.T) []string {
	t.Helper()
	root := golden.Shared(t, "golden/families")
	folders, err := filepath.Glob(filepath.Join(root, "*", "golden.json"))
	if err != nil || len(folders) < 50 {
		t.Fatalf("%d folders in %s (error %v), want 50 or more", len(folders), root, err)
	}
	for i, f := range folders {
		folders[i] = filepath.Dir(f)
	}
	return folders
}

// recorded is what golden.json says.
type recorded struct {
	Architecture string
	Sequences    []struct {
		IDs    []int
		Hidden []string
	}
	values *checkpoint.Reader
}

func readRecorded(t *testing.T, folder string) *recorded {
	t.Helper()
	var r recorded
	golden.JSON(t, filepath.Join(folder, "golden.json"), &r)
	r.values = openReader(t, fstest.MapFS{"model.safetensors": file(t, folder, "golden.safetensors")})
	return &r
}

func openReader(t *testing.T, fsys fstest.MapFS) *checkpoint.Reader {
	t.Helper()
	c, err := checkpoint.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func file(t *testing.T, folder, name string) *fstest.MapFile {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b}
}

// forms are the ways in which a folder holds its model: each configuration, and each set of names of tensors.
func forms(t *testing.T, folder string) map[string]fstest.MapFS {
	t.Helper()
	all := map[string]fstest.MapFS{}
	configs, err := filepath.Glob(filepath.Join(folder, "config*.json"))
	if err != nil {
		t.Fatal(err)
	}
	weights := file(t, folder, "model.safetensors")
	for _, c := range configs {
		all[filepath.Base(c)] = fstest.MapFS{"config.json": file(t, folder, filepath.Base(c)), "model.safetensors": weights}
	}
	others, err := filepath.Glob(filepath.Join(folder, "*", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range others {
		dir := filepath.Dir(o)
		all[filepath.Base(dir)] = fstest.MapFS{"config.json": file(t, dir, "config.json"), "model.safetensors": file(t, dir, "model.safetensors")}
	}
	return all
}

func openForm(t *testing.T, fsys fstest.MapFS) *models.Model {
	t.Helper()
	m, err := models.OpenFS(fsys, "golden")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	return m
}

// Logits and hidden states are the reference's, whichever form a checkpoint has.
func TestFamilies(t *testing.T) {
	for _, folder := range families(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			r := readRecorded(t, folder)
			for name, fsys := range forms(t, folder) {
				t.Run(name, func(t *testing.T) {
					m := openForm(t, fsys)
					for s := range r.Sequences {
						r.check(t, m, s)
					}
				})
			}
		})
	}
}

// check compares one text.
func (r *recorded) check(t *testing.T, m *models.Model, sequence int) {
	t.Helper()
	near := func(what, name string, got *tensor.Tensor) {
		t.Helper()
		want, err := r.values.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := tensor.MaxAbs(tensor.Sub(got, want)); !(d <= familyTolerance) {
			t.Errorf("text %d: %s: a difference of %g, want at most %g", sequence, what, d, familyTolerance)
		}
	}
	suffix := "." + string(rune('0'+sequence))
	c, s := &nn.Context{}, r.Sequences[sequence]
	h := m.Embed(c, [][]int{s.IDs})
	near("embedding", "hidden"+suffix+".0", h.Value)
	for i, l := range m.Layers() {
		h = l.Forward(c, h)
		near("output of "+l.Name(), "hidden"+suffix+"."+string(rune('1'+i)), h.Value)
	}
	near("logits", "logits"+suffix, m.Head(c, h).Value)
}

// The kernels of every level compute the same, and so does decoding with a cache, piece by piece.
func TestFamiliesLevelsAndCaches(t *testing.T) {
	defer func(l asm.Level) {
		if err := asm.SetLevel(l); err != nil {
			t.Error(err)
		}
	}(asm.Current())
	for _, folder := range families(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			r := readRecorded(t, folder)
			m := openForm(t, forms(t, folder)["config.json"])
			for _, level := range asm.Levels() {
				if err := asm.SetLevel(level); err != nil {
					t.Fatal(err)
				}
				r.check(t, m, 0)
				ids := r.Sequences[0].IDs
				want := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
				cache := nn.NewKVCache()
				cache.Expect(len(ids))
				c := &nn.Context{Caches: []*nn.KVCache{cache}, Arena: autograd.NewArena()}
				for lo, hi := 0, 7; lo < len(ids); lo, hi = hi, min(len(ids), hi+1+lo%3) {
					c.Arena.Reset()
					got := models.Forward(c, m, [][]int{ids[lo:hi]}).Value
					// Only the grouping of sums differs.
					if d := tensor.MaxAbs(tensor.Sub(got, want.Rows(lo, hi))); !(d <= 2e-5) {
						t.Fatalf("%v: tokens %d to %d with a cache: a difference of %g", level, lo, hi, d)
					}
				}
			}
		})
	}
}
