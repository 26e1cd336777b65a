package prune_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// changeable opens a copy of stories260k, and returns what changes the last tensor of its file in place.
func changeable(t *testing.T) (m *models.Model, change func()) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(dir, os.DirFS(golden.Path("models/stories260k"))); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, func() {
		path := filepath.Join(dir, "model.safetensors")
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, info.Size()/2) // in every layer behind the middle
		if _, err := f.ReadAt(b, info.Size()/2); err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] ^= 1
		}
		if _, err := f.WriteAt(b, info.Size()/2); err != nil {
			t.Fatal(err)
		}
	}
}

// sinkFunc is a Sink that keeps nothing.
type sinkFunc func(name string)

func (f sinkFunc) Put(name string, _ *tensor.Tensor) error { f(name); return nil }

// TestSourceChangesWithoutJournal: whoever takes the pruned matrices, they are those of one model.
func TestSourceChangesWithoutJournal(t *testing.T) {
	m, change := changeable(t)
	first := true
	_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5)}, sinkFunc(func(string) {
		if first {
			first = false
			change()
		}
	}))
	var changed *checkpoint.ChangedError
	if !errors.As(err, &changed) || changed.Tensor == "" || !strings.Contains(err.Error(), m.Path) {
		t.Errorf("error %v, want a ChangedError that names a tensor, and the model", err)
	}
}

// TestDenseCopyChanges: the second copy of the model that a last step opens is of the same weights.
func TestDenseCopyChanges(t *testing.T) {
	m, change := changeable(t)
	finishWith = finishing{finish: func(_ context.Context, f *prune.Final) error {
		change()
		dense, err := f.OpenDense()
		if err == nil {
			err = dense.Close()
		}
		return err
	}}
	t.Cleanup(func() { finishWith = finishing{} })
	_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: finished(), Pattern: sparsity.Unstructured(0.5)}, sinkFunc(func(string) {}))
	var changed *checkpoint.ChangedError
	if !errors.As(err, &changed) {
		t.Errorf("error %v, want a ChangedError", err)
	}
}

// TestJournalOfAnotherVersion: a run whose journal has another format is refused with both numbers, and stays
// as it is.
func TestJournalOfAnotherVersion(t *testing.T) {
	for record, want := range map[string]string{
		`{"settings":[{"name":"seed","value":"0"}]}`:             "with a journal of format 1; this version reads format 2",
		`{"format":3,"settings":[],"what":["nobody","knows",7]}`: "with a journal of format 3; this version reads format 2",
	} {
		m, _ := changeable(t)
		out := filepath.Join(t.TempDir(), "out")
		var err error
		for range 2 { // the first time there are no records
			w, openErr := checkpoint.NewWriter(out, m.Reader, m.FS, checkpoint.WriterOptions{Resume: true})
			if openErr != nil {
				t.Fatal(openErr)
			}
			if len(w.Records()) == 0 {
				err = w.Append([]byte(record))
			} else {
				_, err = prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5)}, w)
			}
			if len(w.Records()) != 1 {
				t.Errorf("%d records, want 1", len(w.Records()))
			}
			if err := w.Keep(); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "end the run with that version, or begin it anew") {
			t.Errorf("error %v, want %q and what to do", err, want)
		}
	}
}

// TestReadingIsTold: of a long reading for checksums the log and the progress tell, and it counts as
// preparation; one that would be the second is left out.
func TestReadingIsTold(t *testing.T) {
	prune.TellReadingFrom(t, 100_000)
	m, _ := changeable(t)
	for _, again := range []bool{false, true} {
		var log bytes.Buffer
		var told []float64
		o := prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5), Log: slog.New(slog.NewTextHandler(&log, nil)),
			Progress: func(e prune.Event) {
				if e.Stage == prune.StagePrepare {
					told = append(told, e.Fraction)
				}
			}}
		r, err := prune.Run(context.Background(), m, randomWindows(512, 16), o, sinkFunc(func(string) {}))
		if err != nil {
			t.Fatal(err)
		}
		if again {
			if len(told) > 0 || strings.Contains(log.String(), "checksums") {
				t.Errorf("with all sums known: told of %v, log %s", told, &log)
			}
			continue
		}
		if len(told) < 2 || told[len(told)-1] != 1 || !strings.Contains(log.String(), "reading the weights once for their checksums") || r.Stages[prune.StagePrepare] <= 0 {
			t.Errorf("told of %v, stages %v, log %s", told, r.Stages, &log)
		}
	}
}

// TestReadingInterrupted: the context ends it.
func TestReadingInterrupted(t *testing.T) {
	m, _ := changeable(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := prune.Run(ctx, m, randomWindows(512, 16), prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5)}, sinkFunc(func(string) {})); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
