package prune_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// fragile is a checkpoint writer that fails when it has been called so often.
type fragile struct {
	*checkpoint.Writer
	left int
}

var errFull = errors.New("no space left on device")

func (f *fragile) tick() error {
	if f.left--; f.left < 0 {
		return errFull
	}
	return nil
}

func (f *fragile) Put(name string, t *tensor.Tensor) error {
	if err := f.tick(); err != nil {
		return err
	}
	return f.Writer.Put(name, t)
}

func (f *fragile) Append(record []byte) error {
	if err := f.tick(); err != nil {
		return err
	}
	return f.Writer.Append(record)
}

func (f *fragile) PutState(name string, b []byte) error {
	if err := f.tick(); err != nil {
		return err
	}
	return f.Writer.PutState(name, b)
}

// gridsBeside is the file for the grids of a run.
func gridsBeside(t *testing.T, m *models.Model, o prune.Options) *checkpoint.Beside {
	t.Helper()
	list, err := prune.GridTensors(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	b := &checkpoint.Beside{File: prune.GridFile}
	for _, x := range list {
		b.Tensors = append(b.Tensors, safetensors.Tensor{Name: x.Name, DType: x.DType, Shape: x.Shape})
	}
	return b
}

// stories is the model that most of these tests prune.
const stories = "models/stories260k"

// runKept prunes a model into out, failing after so many writes; with resume it continues. It
// returns the stored tensors by name when the run came to its end.
func runKept(t *testing.T, model, out string, resume bool, writes int, o prune.Options) (*prune.Report, map[string]string, error) {
	t.Helper()
	m, err := models.Open(model)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w, err := checkpoint.NewWriter(out, m.Reader, m.FS, checkpoint.WriterOptions{Resume: resume, Beside: gridsBeside(t, m, o)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Keep()
	var windows [][]int
	for i := range 9 {
		var ids []int
		for k := range 24 {
			ids = append(ids, (i*31+k*k*7)%m.Config().VocabSize)
		}
		windows = append(windows, ids)
	}
	report, err := prune.Run(context.Background(), m, windows, o, &fragile{w, writes})
	if err != nil {
		return nil, nil, err
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	done, err := models.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer done.Close()
	tensors := map[string]string{}
	if b, err := os.ReadFile(filepath.Join(out, prune.GridFile)); err == nil {
		tensors[prune.GridFile] = string(b)
	}
	for _, name := range done.Reader.Names() {
		b, err := done.Reader.Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = string(b)
	}
	return report, tensors, nil
}

// TestResume: a run whose disk is full at any of its writes leaves what a later run continues, and that
// comes to the same tensors and the same report, for methods with and without a Fisher pass, a look at
// the whole model and a last step.
func TestResume(t *testing.T) {
	for _, o := range []prune.Options{
		{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)},
		{Method: prunetest.Method("global-magnitude"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{1, 4}},
		{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6), Layers: [2]int{0, 3}},
		{Method: prunetest.Method("adagp", "paper", true), Pattern: sparsity.NM(2, 4), Layers: [2]int{1, 3}},
		{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5), Quantize: &quant.Spec{Bits: 4, Group: 8}, Layers: [2]int{1, 3}},
	} {
		t.Run(methodName(o.Method), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			want, tensors, err := runKept(t, golden.Path(stories), filepath.Join(dir, "whole"), false, 1<<30, o)
			if err != nil {
				t.Fatal(err)
			}
			for writes := 0; ; writes += 1 + writes/2 {
				out := filepath.Join(dir, "out", string(rune('a'+writes%26))+string(rune('a'+writes/26)))
				if _, _, err := runKept(t, golden.Path(stories), out, false, writes, o); err == nil {
					break // it has not so many writes
				} else if !errors.Is(err, errFull) {
					t.Fatal(err)
				}
				if _, _, err := runKept(t, golden.Path(stories), out, true, 2, o); err != nil && !errors.Is(err, errFull) {
					t.Fatal(err)
				} else if err == nil {
					continue
				}
				got, again, err := runKept(t, golden.Path(stories), out, true, 1<<30, o)
				if err != nil {
					t.Fatalf("after %d writes: %v", writes, err)
				}
				if !maps.Equal(again, tensors) {
					t.Fatalf("after %d writes: resumed, other tensors", writes)
				}
				compareReports(t, got, want)
			}
		})
	}
}

// compareReports compares everything but times.
func compareReports(t *testing.T, got, want *prune.Report) {
	t.Helper()
	if got.Solver != want.Solver || got.Allocation != want.Allocation || got.Totals != want.Totals || len(got.Layers) != len(want.Layers) || !slices.Equal(got.Finish, want.Finish) {
		t.Errorf("resumed: solver %s, allocation %s, totals %v, %d layers, finish %v; want %s, %s, %v, %d, %v",
			got.Solver, got.Allocation, got.Totals, len(got.Layers), got.Finish, want.Solver, want.Allocation, want.Totals, len(want.Layers), want.Finish)
		return
	}
	if len(got.Hyperparameters) != len(want.Hyperparameters) {
		t.Errorf("resumed: hyperparameters %v, want %v", got.Hyperparameters, want.Hyperparameters)
	}
	for i, l := range want.Layers {
		g := got.Layers[i]
		if g.Index != l.Index || g.Error != l.Error || !slices.Equal(g.Objective, l.Objective) || len(g.Tensors) != len(l.Tensors) {
			t.Errorf("resumed: layer %d is %+v, want %+v", l.Index, g, l)
			continue
		}
		for k, x := range l.Tensors {
			y := g.Tensors[k]
			if y.Name != x.Name || y.Zeros != x.Zeros || y.Error != x.Error {
				t.Errorf("resumed: %+v, want %+v", y, x)
			}
		}
	}
}

// TestResumeRefusesOtherSettings: what is different is named.
func TestResumeRefusesOtherSettings(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	o := prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)}
	if _, _, err := runKept(t, golden.Path(stories), out, false, 12, o); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*prune.Options){
		"pattern is 0.6, was 0.5":                 func(o *prune.Options) { o.Pattern = sparsity.Unstructured(0.6) },
		"method is magnitude, was sparsegpt":      func(o *prune.Options) { o.Method = prunetest.Method("magnitude") },
		"seed is 7, was 0":                        func(o *prune.Options) { o.Seed = 7 },
		"layers is [0,2], was [0,5]":              func(o *prune.Options) { o.Layers = [2]int{0, 2} },
		"windows per forward pass is [2 2 2 2 1]": func(o *prune.Options) { o.Batch = 2 },
		"method damp is 0.5, was 0.01":            func(o *prune.Options) { o.Method = prune.Local(sparsegpt.Solver{DampFrac: 0.5}) },
	} {
		other := o
		change(&other)
		var settings *prune.SettingsError
		if _, _, err := runKept(t, golden.Path(stories), out, true, 1<<30, other); !errors.As(err, &settings) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	if _, _, err := runKept(t, golden.Path(stories), out, true, 1<<30, o); err != nil {
		t.Errorf("with the same settings: %v", err)
	}
}
