package fetchcmd_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/fetchcmd"
	"github.com/adagp/adagp/hub/hubtest"
	"github.com/adagp/adagp/models"
)

func TestMain(m *testing.M) { clitest.Main(m) }

// fakeHub is a hub with a small model, to which the environment of this test leads, with an empty cache.
func fakeHub(t *testing.T) (s *hubtest.Server, cache string) {
	t.Helper()
	demo, err := models.Folder("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	list, err := fs.ReadDir(demo, ".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range list {
		if files[f.Name()], err = fs.ReadFile(demo, f.Name()); err != nil {
			t.Fatal(err)
		}
	}
	s = hubtest.New(t, "org/tiny", files, "model.safetensors")
	cache = t.TempDir()
	for name, value := range map[string]string{"HF_ENDPOINT": s.URL, "HF_HUB_CACHE": cache, "HF_HOME": t.TempDir(), "HF_HUB_OFFLINE": "",
		"TRANSFORMERS_OFFLINE": "", "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "", "HF_TOKEN_PATH": "", "HF_HUB_DISABLE_SYMLINKS": ""} {
		t.Setenv(name, value)
	}
	return s, cache
}

func requests(s *hubtest.Server) int {
	s.Lock()
	defer s.Unlock()
	return len(s.Requests)
}

// TestPruneByName prunes a model that is nowhere but on the hub, and once more without the hub.
func TestPruneByName(t *testing.T) {
	s, _ := fakeHub(t)
	out := filepath.Join(t.TempDir(), "out")
	clitest.OK(t, clitest.QuickPrune("org/tiny", out)...)
	want := filepath.Join(t.TempDir(), "want")
	clitest.OK(t, clitest.QuickPrune("demo:llama", want)...)
	if clitest.WeightsOf(t, out) != clitest.WeightsOf(t, want) {
		t.Error("the model of the hub is pruned otherwise")
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	asked := requests(s)
	again := filepath.Join(t.TempDir(), "again")
	clitest.OK(t, clitest.QuickPrune("org/tiny", again)...)
	if clitest.WeightsOf(t, again) != clitest.WeightsOf(t, out) {
		t.Error("offline it is pruned otherwise")
	}
	for _, args := range [][]string{{"inspect", "--model", "org/tiny"}, {"tokenize", "--model", "org/tiny@main", "--text", clitest.EvalText(t)}} {
		clitest.OK(t, args...)
	}
	if n := requests(s) - asked; n != 0 {
		t.Errorf("offline, the hub is asked %d times", n)
	}
	clitest.WantFailure(t, clitest.Call(t, "inspect", "--model", "org/other"), 1, "org/other is no folder here", "is not in the cache", "HF_HUB_OFFLINE")
}

func TestFetch(t *testing.T) {
	_, cache := fakeHub(t)
	var got fetchcmd.Result
	clitest.OKJSON(t, &got, "fetch", "org/tiny")
	want := fetchcmd.Result{Model: "org/tiny", Revision: "main", Commit: hubtest.Commit,
		Folder: filepath.Join(cache, "models--org--tiny", "snapshots", hubtest.Commit)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if r := clitest.OK(t, "fetch", "--no-progress", "org/tiny"); strings.TrimSpace(r.Stdout) != want.Folder {
		t.Errorf("it prints %q", r.Stdout)
	}
	clitest.WantFailure(t, clitest.Call(t, "fetch"), 2, "wants the name of a model")
	clitest.WantFailure(t, clitest.Call(t, "fetch", "tiny"), 2, `"tiny" is no name of a model on the hub`)
	clitest.WantFailure(t, clitest.Call(t, "fetch", "org/tiny", "org/more"), 2, `got [`)
	clitest.WantFailure(t, clitest.Call(t, "fetch", "org/tiny@other"), 1, `there is no revision "other"`)
}

// TestKilled: a download goes on after kill -9, and two programs that download the same do not disturb each other.
func TestKilled(t *testing.T) {
	s, cache := fakeHub(t)
	content := s.Files["model.safetensors"]
	half := make(chan bool)
	stalled := false
	s.Lock() // what asks is another process, of which the race detector knows nothing
	s.Serve = func(w http.ResponseWriter, r *http.Request, b []byte) bool {
		if len(b) != len(content) || stalled {
			return false
		}
		stalled = true
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		w.Write(b[:len(b)/2])
		w.(http.Flusher).Flush()
		close(half)
		<-r.Context().Done()
		return true
	}
	s.Unlock()
	c := clitest.Program("fetch", "org/tiny")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-half
	partial := filepath.Join(cache, "models--org--tiny", "blobs", hubtest.SHA256(content)+".incomplete")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(partial); err == nil && info.Size() == int64(len(content)/2) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("half of the file does not arrive")
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if out, err := clitest.Program("fetch", "org/tiny").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	both.Wait()
	got, err := os.ReadFile(filepath.Join(cache, "models--org--tiny", "snapshots", hubtest.Commit, "model.safetensors"))
	if err != nil || string(got) != string(content) {
		t.Errorf("the file differs: %v", err)
	}
	s.Lock()
	defer s.Unlock()
	weights := 0
	for _, r := range s.Requests {
		if strings.Contains(r, hubtest.SHA256(content)) {
			weights++
			if weights == 2 && !strings.HasSuffix(r, fmt.Sprintf("bytes=%d-", len(content)/2)) {
				t.Errorf("the second request is %q, want the second half", r)
			}
		}
	}
	if weights != 2 {
		t.Errorf("the weights were asked for %d times, want 2", weights)
	}
}
