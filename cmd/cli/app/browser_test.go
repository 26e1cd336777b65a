//go:build browser

package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/prunepage"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/prune"
)

// browser finds the browser; the tests of this file are not built where none is wanted, so without one
// they fail.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("no browser: want chromium in PATH, or its path in CHROMIUM")
	return ""
}

// checker shows pages in frames of several widths and writes what it finds as JSON. Text of a plot must
// end within the plot, every element within the window unless it lies in a box that scrolls, and the page
// must not have asked for anything.
const checker = `<!doctype html><title>checker</title><pre id="found"></pre><script>
const found = [];
const jobs = %s;
function inScroller(e) {
  for (e = e.parentElement; e; e = e.parentElement) if (getComputedStyle(e).overflowX === 'auto') return true;
  return false;
}
function look(f, job) {
  const say = what => found.push(job.page + ' at ' + job.width + ': ' + what);
  const w = f.contentWindow, d = f.contentDocument;
  if (!d.body || d.body.innerText.length < 20) return say('the page is empty');
  d.querySelectorAll('details').forEach(e => e.open = true);
  if (w.innerWidth !== job.width) say('the window is ' + w.innerWidth + ' wide');
  if (d.documentElement.scrollWidth > w.innerWidth) say('content of ' + d.documentElement.scrollWidth + ' pixels overflows');
  for (const e of d.querySelectorAll('body *')) {
    const r = e.getBoundingClientRect();
    if ((r.right > w.innerWidth + 0.5 || r.left < -0.5) && !inScroller(e)) say('<' + e.tagName + '> ' + e.textContent.slice(0, 40) + ' sticks out');
  }
  for (const svg of d.querySelectorAll('svg')) {
    const outer = svg.getBoundingClientRect();
    for (const text of svg.querySelectorAll('text')) {
      const r = text.getBoundingClientRect();
      if (r.left < outer.left - 1 || r.right > outer.right + 1 || r.bottom > outer.bottom + 1) say('text "' + text.textContent + '" is cut off in ' + svg.getAttribute('aria-label').slice(0, 40));
    }
  }
  for (const e of w.performance.getEntriesByType('resource')) say('fetches ' + e.name);
}
(async () => {
  for (const job of jobs) {
    const f = document.createElement('iframe');
    f.style = 'border:0;height:800px;width:' + job.width + 'px';
    const loaded = new Promise(done => f.onload = done);
    f.src = job.page;
    document.body.append(f);
    await loaded;
    try { look(f, job); } catch (e) { found.push(job.page + ': ' + e); }
  }
  document.getElementById('found').textContent = JSON.stringify({done: jobs.length, found});
})();
</script>`

// show loads the pages, by name, at the widths of a desk and of a phone, and returns what is wrong with
// them and what was asked for besides the pages.
func show(t *testing.T, pages map[string][]byte) (found, asked []string) {
	t.Helper()
	type job struct {
		Page  string `json:"page"`
		Width int    `json:"width"`
	}
	var jobs []job
	for name := range pages {
		for _, width := range []int{1280, 390} {
			jobs = append(jobs, job{"/" + name, width})
		}
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch page, ok := pages[name]; {
		case ok:
			_, _ = w.Write(page)
		case name == "":
			fmt.Fprintf(w, checker, list)
		case name == "favicon.ico":
			http.NotFound(w, r) // the browser's own idea, for the outer page
		default:
			mu.Lock()
			asked = append(asked, r.URL.String())
			mu.Unlock()
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
		"--no-first-run", "--hide-scrollbars", "--window-size=1400,900", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=60000", "--dump-dom", server.URL+"/")
	var errs strings.Builder
	c.Stderr = &errs
	c.WaitDelay = 5 * time.Second
	dom, err := c.Output()
	// A helper of the browser that outlives it may hold its output open; whether that is whole is seen below.
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%v: %v\n%s", c.Args, err, errs.String())
	}
	m := regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`).FindSubmatch(dom)
	var result struct {
		Done  int
		Found []string
	}
	if m == nil || json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &result) != nil || result.Done != len(jobs) {
		t.Fatalf("the check did not come to its end: %s\n%s", dom, errs.String())
	}
	mu.Lock()
	defer mu.Unlock()
	return result.Found, asked
}

// TestBrowserPages: the pages that the commands write fit a desk and a phone and fetch nothing.
func TestBrowserPages(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	text := strings.Repeat("The tower stood where the river bends, and nobody remembered who had built it.\n", 400)
	if err := os.WriteFile(file("text.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	clitest.OK(t, "prune", "--model", "demo:llama", "--out", file("a"), "--preset", "balanced", "--sparsity", "0.6", "--samples", "8", "--seqlen", "64", "--eval", file("text.txt"), "--report", file("prune.html"))
	clitest.OK(t, "prune", "--model", "demo:opt", "--out", file("b"), "--paper", "--pattern", "2:4", "--samples", "8", "--seqlen", "64", "--report", file("paper.html"), "--no-speed")
	clitest.OK(t, "demo", "--samples", "4", "--max-windows", "2", "--report", file("demo.html"))
	clitest.OK(t, "sweep", "--model", "demo:llama", "--out", file("sweep"), "--methods", "magnitude,wanda:allocation=owl", "--sparsities", "0.5,0.6", "--samples", "4", "--seqlen", "64", "--max-windows", "2")
	var deep prune.Report // of 40 layers with a name as long as names get
	if text, err := os.ReadFile(file("a/pruning.json")); err != nil || json.Unmarshal(text, &deep) != nil {
		t.Fatalf("pruning.json: %v", err)
	}
	for i, n := len(deep.Layers), len(deep.Layers); i < 40; i++ {
		l := deep.Layers[i%n]
		l.Index, l.Tensors = i, slices.Clone(l.Tensors)
		l.Tensors[0].Name = fmt.Sprintf("model.layers.%d.mlp.block_sparse_moe.experts_gate_projection.weight", i)
		deep.Layers = append(deep.Layers, l)
	}
	page, err := prunepage.New(t.Context(), &deep, prunepage.Run{Model: "demo:llama", Out: file("a")})
	if err == nil {
		err = (&output.File{Flag: "report", Path: file("large.html")}).WritePage(&session.Session{Process: &session.Process{}}, page)
	}
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]byte{}
	for name, path := range map[string]string{"large.html": "large.html", "prune.html": "prune.html", "paper.html": "paper.html", "demo.html": "demo.html", "sweep.html": "sweep/sweep.html"} {
		page, err := os.ReadFile(file(path))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = page
	}
	found, asked := show(t, pages)
	for _, f := range found {
		t.Error(f)
	}
	for _, a := range asked {
		t.Errorf("a page asks for %s", a)
	}
}

// TestBrowserNotices: the check sees what it is there for.
func TestBrowserNotices(t *testing.T) {
	found, asked := show(t, map[string][]byte{
		"wide.html":  []byte(`<p>a page of one line and a half<div style="width:3000px">wide</div>`),
		"fetch.html": []byte(`<p>a page of one line and a half<img src="/picture.png"><img src="http://elsewhere.invalid/a.png">`),
		"cut.html":   []byte(`<p>a page of one line and a half<svg aria-label="plot" viewBox="0 0 100 20" width="100" overflow="hidden"><text x="90" y="15">cut off</text></svg>`),
	})
	all := strings.Join(found, "\n")
	for _, want := range []string{"/wide.html at 390: content of", "<DIV> wide sticks out", `text "cut off" is cut off`, "fetches http://elsewhere.invalid/a.png"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing like %q in\n%s", want, all)
		}
	}
	if !slices.Contains(asked, "/picture.png") {
		t.Errorf("asked for %v, want /picture.png", asked)
	}
}
