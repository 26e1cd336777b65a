package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adagp/adagp/hub/hubtest"
)

// tiny returns the files of a model with so many bytes of weights.
func tiny(weights int) map[string][]byte {
	w := make([]byte, weights)
	for i := range w {
		w[i] = byte(i * 7 >> 3)
	}
	return map[string][]byte{
		"config.json":       []byte(`{"architectures":["LlamaForCausalLM"]}`),
		"tokenizer.json":    []byte(`{"model":{}}`),
		"model.safetensors": w,
		"README.md":         []byte("# a model"),
		"tf_model.h5":       []byte("for others"),
		"onnx/model.onnx":   []byte("for others"),
	}
}

var tinyName = Name{"org", "tiny", DefaultRevision}

func client(t *testing.T, s *hubtest.Server) *Client {
	t.Helper()
	return &Client{
		Settings: Settings{Cache: t.TempDir(), Endpoint: s.URL, Timeout: 5 * time.Second},
		pause:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func tree(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if target, e := os.Readlink(path); e == nil {
			name += " -> " + target
		}
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestFetch wants the tree that huggingface_hub 2.4 makes of the same model.
func TestFetch(t *testing.T) {
	files := tiny(100_000)
	s := hubtest.New(t, "org/tiny", files, "model.safetensors")
	s.PageSize = 2
	c := client(t, s)
	var last Progress
	c.Progress = func(p Progress) { last = p }
	snapshot, err := c.Find(context.Background(), tinyName)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for name, b := range files {
		sums[name] = hubtest.SHA1(b)
	}
	sums["model.safetensors"] = hubtest.SHA256(files["model.safetensors"])
	want := []string{"CACHEDIR.TAG", "models--org--tiny/refs/main", "models--org--tiny/trees/" + hubtest.Commit + ".json"}
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer.json"} {
		want = append(want, ".locks/models--org--tiny/"+sums[name]+".lock", "models--org--tiny/blobs/"+sums[name],
			"models--org--tiny/snapshots/"+hubtest.Commit+"/"+name+" -> ../../blobs/"+sums[name])
	}
	got := tree(t, c.Cache)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the cache has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if ref, _ := os.ReadFile(filepath.Join(c.Cache, "models--org--tiny/refs/main")); string(ref) != hubtest.Commit {
		t.Errorf("refs/main is %q", ref)
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		if b, err := os.ReadFile(filepath.Join(snapshot.Dir, name)); err != nil || !bytes.Equal(b, files[name]) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
	if last.Done != last.Total || last.Total != int64(len(files["config.json"])+len(files["tokenizer.json"])+100_000) {
		t.Errorf("progress ends with %+v", last)
	}
	asked := len(s.Requests)
	if again, err := c.Find(context.Background(), tinyName); err != nil || again != snapshot || len(s.Requests) != asked {
		t.Errorf("the second time: %v, %v, %d requests", again, err, len(s.Requests)-asked)
	}
	c.Offline = true
	if again, err := c.Fetch(context.Background(), tinyName); err != nil || again != snapshot || len(s.Requests) != asked {
		t.Errorf("offline: %v, %v, %d requests", again, err, len(s.Requests)-asked)
	}
}

// TestResume cuts connections, and takes up what another process has left.
func TestResume(t *testing.T) {
	files := tiny(1 << 20)
	s := hubtest.New(t, "org/tiny", files, "model.safetensors")
	cuts := 0
	s.Serve = func(w http.ResponseWriter, r *http.Request, content []byte) bool {
		if len(content) < 1<<20 || cuts == 7 {
			return false
		}
		cuts++
		from := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(content[from : from+100_000])
		return true
	}
	c := client(t, s)
	blobs := filepath.Join(c.Cache, "models--org--tiny", "blobs")
	if err := os.MkdirAll(blobs, 0o777); err != nil {
		t.Fatal(err)
	}
	partial := filepath.Join(blobs, hubtest.SHA256(files["model.safetensors"])+".incomplete")
	if err := os.WriteFile(partial, files["model.safetensors"][:12345], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Find(context.Background(), tinyName); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(s.Requests, "\n")
	for _, r := range []string{"bytes=12345-", "bytes=112345-", "bytes=712345-"} {
		if !strings.Contains(all, r) {
			t.Errorf("no request has %q", r)
		}
	}
	if _, err := os.Stat(partial); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the partial file is left: %v", err)
	}
}

// TestLeftovers: what an earlier try left is not what the file starts with, or is longer than the file.
func TestLeftovers(t *testing.T) {
	files := tiny(50_000)
	for name, left := range map[string][]byte{"other bytes": make([]byte, 20_000), "too long": make([]byte, 60_000), "all but wrong": make([]byte, 50_000)} {
		t.Run(name, func(t *testing.T) {
			s := hubtest.New(t, "org/tiny", files, "model.safetensors")
			c := client(t, s)
			blob := filepath.Join(c.Cache, "models--org--tiny", "blobs", hubtest.SHA256(files["model.safetensors"]))
			if err := os.MkdirAll(filepath.Dir(blob), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(blob+".incomplete", left, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Find(context.Background(), tinyName); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(blob); err != nil || !bytes.Equal(b, files["model.safetensors"]) {
				t.Errorf("the file differs: %v", err)
			}
		})
	}
}

// TestIgnoredRange: a host that sends the whole file whatever was asked for.
func TestIgnoredRange(t *testing.T) {
	files := tiny(300_000)
	s := hubtest.New(t, "org/tiny", files, "model.safetensors")
	first := true
	s.Serve = func(w http.ResponseWriter, r *http.Request, content []byte) bool {
		if len(content) < 300_000 {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if first {
			content = content[:100_000]
		}
		first = false
		w.Write(content)
		return true
	}
	c := client(t, s)
	got, err := c.Find(context.Background(), tinyName)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(got.Dir, "model.safetensors")); !bytes.Equal(b, files["model.safetensors"]) {
		t.Error("the file differs")
	}
}

// TestShards takes the files that the index lists, and no others.
func TestShards(t *testing.T) {
	files := tiny(10)
	delete(files, "model.safetensors")
	files["model.safetensors.index.json"] = []byte(`{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`)
	files["model-00001-of-00002.safetensors"], files["model-00002-of-00002.safetensors"] = []byte("one"), []byte("two")
	files["consolidated.safetensors"], files["pytorch_model.bin"] = []byte("the same once more"), []byte("and once more")
	s := hubtest.New(t, "org/tiny", files, "model-00001-of-00002.safetensors")
	c := client(t, s)
	got, err := c.Find(context.Background(), tinyName)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := os.ReadDir(got.Dir)
	if len(list) != 5 {
		t.Errorf("the snapshot has %d files, want 5: %v", len(list), list)
	}
	if err := os.Remove(filepath.Join(got.Dir, "model-00002-of-00002.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Cached(tinyName); ok || err != nil {
		t.Errorf("a shard is missing: %v, %v, want that the model is not in the cache", ok, err)
	}
}

// TestNoSymlinks puts the files themselves into the snapshot.
func TestNoSymlinks(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(1000), "model.safetensors")
	c := client(t, s)
	c.NoSymlinks = true
	got, err := c.Find(context.Background(), tinyName)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(got.Dir, "model.safetensors")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the snapshot holds %v, %v", info, err)
	}
	if _, err := c.Fetch(context.Background(), tinyName); err != nil {
		t.Fatal(err)
	}
}

// TestTogether: several programs want the same model in the same cache; each byte comes once.
func TestTogether(t *testing.T) {
	files := tiny(500_000)
	s := hubtest.New(t, "org/tiny", files, "model.safetensors")
	c := client(t, s)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			own := &Client{Settings: c.Settings, pause: c.pause}
			if _, err := own.Find(context.Background(), tinyName); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	n := 0
	for _, r := range s.Requests {
		if strings.HasSuffix(r, hubtest.SHA256(files["model.safetensors"])) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the weights were asked for %d times", n)
	}
}
