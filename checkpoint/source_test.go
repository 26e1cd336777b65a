package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// wantChanged requires a *ChangedError for that file and tensor.
func wantChanged(t *testing.T, err error, file, tensor string) {
	t.Helper()
	var changed *ChangedError
	if !errors.As(err, &changed) || changed.File != file || changed.Tensor != tensor {
		t.Errorf("error %v, want a ChangedError for tensor %q of %s", err, tensor, file)
	}
}

// TestSourceChanges: weights that are overwritten while a copy is made, with size and times as they were, are
// noticed: the output does not appear. The file holds ids, then b, then a at its end.
func TestSourceChanges(t *testing.T) {
	half := tensor.BF16
	for _, c := range []struct {
		name, tensor string
		offset       int64
		dtype        *tensor.DType
	}{
		{"a tensor that was put", "a", -1, nil},
		{"a tensor that is only copied", "b", -9, nil},
		{"a tensor that is copied in another type", "b", -17, &half},
		{"integers", "ids", -28, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := model(t)
			out := filepath.Join(t.TempDir(), "out")
			w, src := newWriter(t, dir, out, WriterOptions{DType: c.dtype})
			if err := src.SumAll(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
			v, err := src.Read("a")
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Put("a", v); err != nil {
				t.Fatal(err)
			}
			flip(t, filepath.Join(dir, "model.safetensors"), c.offset)
			wantChanged(t, w.Commit(), "model.safetensors", c.tensor)
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the output: %v, want that it does not exist", err)
			}
		})
	}
}

// TestReadChanges: after the first time a tensor is what it was, or an error.
func TestReadChanges(t *testing.T) {
	for _, first := range []string{"SumAll", "Read", "Raw", "Zeros"} {
		t.Run(first, func(t *testing.T) {
			dir := model(t)
			src := openFolder(t, dir)
			src.Watch(NewSums())
			read := map[string]func() error{
				"SumAll": func() error { return src.SumAll(context.Background(), nil) },
				"Read":   func() error { _, err := src.Read("a"); return err },
				"Raw":    func() error { _, err := src.Raw("a"); return err },
				"Zeros":  func() error { _, err := src.Zeros("a"); return err },
			}
			for _, name := range []string{first, "Read", "Raw", "Zeros"} {
				if err := read[name](); err != nil {
					t.Fatalf("unchanged, %s: %v", name, err)
				}
			}
			flip(t, filepath.Join(dir, "model.safetensors"), -3)
			for _, name := range []string{"Read", "Raw", "Zeros"} {
				wantChanged(t, read[name](), "model.safetensors", "a")
			}
			again := openFolder(t, dir)
			again.Watch(src.Sums())
			_, err := again.Read("a")
			wantChanged(t, err, "model.safetensors", "a")
			if _, err := again.Read("b"); err != nil {
				t.Errorf("another tensor: %v", err)
			}
		})
	}
}

// TestSumAll: the sums are those of the elements as stored, tensors that were read are not read again, and
// an interrupt ends it.
func TestSumAll(t *testing.T) {
	dir := model(t)
	src := openFolder(t, dir)
	src.Watch(NewSums())
	if n := src.UnsummedBytes(); n != 8+12+8 {
		t.Errorf("%d bytes to be read, want 28", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := src.SumAll(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: error %v", err)
	}
	if _, err := src.Read("b"); err != nil {
		t.Fatal(err)
	}
	var last, total int64
	if err := src.SumAll(context.Background(), func(d, n int64) { last, total = d, n }); err != nil {
		t.Fatal(err)
	}
	if last != 16 || total != 16 || src.UnsummedBytes() != 0 {
		t.Errorf("%d of %d bytes were read, want 16; %d are left", last, total, src.UnsummedBytes())
	}
	for name, sum := range src.Sums().SHA256() {
		b, err := src.Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		d := newDigester(true)
		_, _ = d.Write(b)
		if got := hexSum(d.sha); got != sum {
			t.Errorf("tensor %s: sum %s, want %s", name, sum, got)
		}
	}
}

// TestSourceFilesChange: a configuration or tokenizer that is not what it was when the model was opened is an
// error, whether it was copied or written anew; of other files the log is told.
func TestSourceFilesChange(t *testing.T) {
	replace := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, file string
		put        bool
		change     func(t *testing.T, path string)
	}{
		{"changed", "tokenizer.json", false, func(t *testing.T, path string) { replace(t, path, "another") }},
		{"changed, and put", "config.json", true, func(t *testing.T, path string) { replace(t, path, `{"a":2}`) }},
		{"appeared", "generation_config.json", false, func(t *testing.T, path string) { replace(t, path, "{}") }},
		{"gone", "tokenizer.json", false, func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := model(t)
			out := filepath.Join(t.TempDir(), "out")
			w, _ := newWriter(t, dir, out, WriterOptions{})
			if c.put {
				if err := w.PutFile(c.file, []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			c.change(t, filepath.Join(dir, c.file))
			wantChanged(t, w.Commit(), c.file, "")
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the output: %v, want that it does not exist", err)
			}
		})
	}
	t.Run("notes", func(t *testing.T) {
		dir := model(t)
		var log bytes.Buffer
		w, _ := newWriter(t, dir, filepath.Join(t.TempDir(), "out"), WriterOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
		replace(t, filepath.Join(dir, "training_args.bin"), "changed by somebody")
		commit(t, w)
		if !strings.Contains(log.String(), "training_args.bin") {
			t.Errorf("the log says %q, want the name of the file that has changed", &log)
		}
	})
}

// TestPackSourceChanges: a matrix that changes between the choice of its layout and its copy.
func TestPackSourceChanges(t *testing.T) {
	for _, c := range []struct{ name, tensor string }{{"a matrix", "a"}, {"a vector", "b"}} {
		t.Run(c.name, func(t *testing.T) {
			dir := model(t)
			src := openFolder(t, dir)
			p, err := NewPacker(context.Background(), filepath.Join(t.TempDir(), "out"), src, os.DirFS(dir), PackOptions{Layout: Bitmask})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Abort()
			flip(t, filepath.Join(dir, "model.safetensors"), map[string]int64{"a": -1, "b": -9}[c.tensor])
			if err = p.Write(context.Background()); err == nil {
				err = p.Commit()
			}
			wantChanged(t, err, "model.safetensors", c.tensor)
		})
	}
}

// TestPackedSourceChanges: the same for a source that is packed itself; the parts are compared before anybody
// finds that they do not fit together.
func TestPackedSourceChanges(t *testing.T) {
	values := make([]float32, 64*64)
	for i := 0; i < len(values); i += 8 {
		values[i] = float32(i)
	}
	dir := filepath.Join(t.TempDir(), "packed")
	packTo(t, dir, tensor.FromSlice(values, 64, 64))
	src := openFolder(t, dir)
	src.Watch(NewSums())
	if err := src.SumAll(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Read("m"); err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{-1, -int64(len(weights)) / 4, -int64(len(weights)) / 2} {
		flip(t, filepath.Join(dir, "model.safetensors"), offset)
		_, err := src.Read("m")
		wantChanged(t, err, "model.safetensors", "m")
		flip(t, filepath.Join(dir, "model.safetensors"), offset)
	}
	if _, err := src.Read("m"); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

// packTo writes a folder with one packed matrix m.
func packTo(t *testing.T, dir string, m *tensor.Tensor) {
	t.Helper()
	in := fstest.MapFS{"config.json": {Data: []byte("{}")}, "model.safetensors": {Data: encoded(t, "m", m)}}
	src, err := Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p, err := NewPacker(context.Background(), dir, src, in, PackOptions{Layout: Bitmask})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Abort()
	if err := errors.Join(p.Write(context.Background()), p.Commit()); err != nil {
		t.Fatal(err)
	}
}

// TestStopWhileComparing: an interrupt ends the comparison of the input.
func TestStopWhileComparing(t *testing.T) {
	dir := model(t)
	src := openFolder(t, dir)
	src.Watch(NewSums())
	if err := src.SumAll(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	close(stop)
	if err := src.digestAll(src.stored(), stop, func(int64) { t.Error("a tensor was read") }); !errors.Is(err, errStopped) {
		t.Errorf("error %v, want that it was stopped", err)
	}
}

// TestProgress: what takes long at the end is told, and ends at the whole.
func TestProgress(t *testing.T) {
	dir := model(t)
	w, src := newWriter(t, dir, filepath.Join(t.TempDir(), "out"), WriterOptions{})
	if err := src.SumAll(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Put("a", tensor.New(2, 2)); err != nil {
		t.Fatal(err)
	}
	var said []string
	last := 0.0
	w.Progress(func(what string, share float64) {
		if share < last {
			t.Errorf("%s: %v after %v", what, share, last)
		}
		if last = share; !slices.Contains(said, what) {
			said = append(said, what)
		}
	})
	commit(t, w)
	if want := []string{"copying", "comparing the input", "comparing the output"}; !slices.Equal(said, want) || last != 1 {
		t.Errorf("told of %q, at the end %v; want %q and 1", said, last, want)
	}
}

// encoded is a safetensors file of one tensor in float32.
func encoded(t *testing.T, name string, v *tensor.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, []safetensors.Entry{{Name: name, DType: tensor.F32, Value: v}}, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
