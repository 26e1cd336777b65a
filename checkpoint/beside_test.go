package checkpoint

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// grids is a file beside the weights of model.
func grids() *Beside {
	return &Beside{File: "grids.st", Tensors: []safetensors.Tensor{
		{Name: "a.zeros", DType: tensor.U8, Shape: []int{2}}, {Name: "a.scales", DType: tensor.F32, Shape: []int{2, 1}},
	}}
}

// with begins or continues an output with such a file.
func with(t *testing.T, root string, b *Beside, resume bool) *Writer {
	t.Helper()
	in := filepath.Join(root, "in")
	w, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{Beside: b, Resume: resume})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Abort() })
	return w
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestBeside: what is put comes out as a safetensors file, after an interruption too, and nothing less
// than all of it.
func TestBeside(t *testing.T) {
	root := layOutTarget(t)
	w := with(t, root, grids(), false)
	scales := []byte{0, 0, 128, 63, 0, 0, 0, 64}
	wantError(t, w.PutRaw("a.scales", scales[1:]), `tensor "a.scales" has 7 bytes, want 8`)
	wantError(t, w.PutRaw("b.scales", scales), `no place for a tensor "b.scales"`)
	wantError(t, w.Put("a.zeros", tensor.New(2)), "only floating-point tensors")
	if err := w.PutRaw("a.scales", scales); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.PutRaw("a.scales", scales), "was put before")
	sum, err := w.Sum("a.scales")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	// A call with other settings, which will not go on, changes nothing.
	if err := with(t, root, nil, true).Keep(); err != nil {
		t.Fatal(err)
	}
	w = with(t, root, grids(), true)
	wantError(t, w.StoredRaw("a.scales", strings.Repeat("0", 64)), "is not what the run has written there")
	if err := w.StoredRaw("a.scales", sum); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	w = with(t, root, grids(), true)
	if err := w.StoredRaw("a.scales", sum); err != nil {
		t.Fatal(err)
	}
	if err := w.PutRaw("a.zeros", []byte{3, 4}); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	f, err := safetensors.Open(os.DirFS(filepath.Join(root, "out")), "grids.st")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]string{"a.scales": string(scales), "a.zeros": "\x03\x04"} {
		if b, err := f.View(name); string(b) != want {
			t.Errorf("%s is %q, %v, want %q", name, b, err, want)
		}
	}
}

func TestBesideRefused(t *testing.T) {
	root := layOutTarget(t)
	wantError(t, with(t, root, grids(), false).Commit(), `tensor "a.scales" of grids.st was not put`)
	for _, c := range []struct {
		want   string
		change func(*Beside)
	}{
		{"ends in .st", func(b *Beside) { b.File = "grids.safetensors" }},
		{"plain file name", func(b *Beside) { b.File = "../grids.st" }},
		{`the model has a tensor "a" of its own`, func(b *Beside) { b.Tensors[0].Name = "a" }},
		{`"a.zeros" is taken`, func(b *Beside) { b.Tensors[1].Name = "a.zeros" }},
	} {
		b := grids()
		c.change(b)
		in := filepath.Join(root, "in")
		_, err := NewWriter(filepath.Join(root, "other"), openFolder(t, in), os.DirFS(in), WriterOptions{Beside: b})
		wantError(t, err, c.want)
	}
}

// TestAboutWeights: what a folder says about its weights goes where they go as they are, packed or not,
// and stays away from changed ones.
func TestAboutWeights(t *testing.T) {
	root := layOutTarget(t)
	in := filepath.Join(root, "in")
	about := map[string]string{"grids.st": "grids", "pruning.json": `{"a":1}`}
	for name, text := range about {
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	check := func(out string, want bool) {
		t.Helper()
		got := folder(t, filepath.Join(root, out))
		for name, text := range about {
			if got[name] != text && want || got[name] != "" && !want {
				t.Errorf("%s: %s is %q, want there: %v", out, name, got[name], want)
			}
		}
	}
	plain := func(out string, put bool) {
		w, err := NewWriter(filepath.Join(root, out), openFolder(t, in), os.DirFS(in), WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if put {
			if err := w.Put("a", tensor.New(2, 2)); err != nil {
				t.Fatal(err)
			}
		}
		commit(t, w)
	}
	plain("copy", false)
	check("copy", true)
	plain("changed", true)
	check("changed", false)
	for _, l := range []Layout{Bitmask, Dense} {
		out := "packed-" + string(l)
		p, err := NewPacker(context.Background(), filepath.Join(root, out), openFolder(t, in), os.DirFS(in), PackOptions{Layout: l})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Write(context.Background()); err != nil {
			t.Fatal(err)
		}
		commit(t, p.Writer)
		check(out, true)
	}
}

// TestFill: after it everything is there but what is still put, and that takes precedence.
func TestFill(t *testing.T) {
	root := layOutTarget(t)
	w := with(t, root, nil, false)
	if err := w.Fill(); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.Put("a", tensor.New(2, 2)), "was put before")
	if err := w.PutFile("config.json", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if err := w.Fill(); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	want := folder(t, filepath.Join(root, "in"))
	want["config.json"] = "mine"
	for name, text := range folder(t, filepath.Join(root, "out")) {
		if text != want[name] {
			t.Errorf("%s holds %q, want %q", name, text, want[name])
		}
	}
}
