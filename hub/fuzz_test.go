package hub

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/hub/hubtest"
)

// answers plays a hub that says anything.
type answers struct {
	commit, tree, file []byte
	link               string
}

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a.file
	header := http.Header{}
	switch {
	case strings.Contains(r.URL.Path, "/revision/"):
		body = a.commit
	case strings.Contains(r.URL.Path, "/tree/"):
		body = a.tree
		header.Set("Link", a.link)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// FuzzAnswers: whatever a hub answers, nothing is written outside of the cache, and an answer that is taken for a model has
// files with the sums that were listed.
func FuzzAnswers(f *testing.F) {
	sum := hubtest.SHA1([]byte("{}"))
	f.Add([]byte(`{"sha":"`+hubtest.Commit+`"}`), []byte(`[{"type":"file","path":"config.json","size":2,"oid":"`+sum+`"},{"type":"file","path":"model.safetensors","size":2,"oid":"`+sum+`"}]`), []byte("{}"), "")
	f.Add([]byte(`{"sha":"`+hubtest.Commit+`"}`), []byte(`[{"type":"file","path":"../x.json","size":2,"oid":"`+sum+`","lfs":{"oid":"../../x","size":-2}}]`), []byte(`{"weight_map":{"a":"../b"}}`), `<?x>; rel="next"`)
	f.Fuzz(func(t *testing.T, commit, tree, file []byte, link string) {
		outer := t.TempDir()
		c := &Client{Settings: Settings{Cache: filepath.Join(outer, "in", "cache"), Endpoint: "http://hub.example", Timeout: time.Minute},
			transport: answers{commit, tree, file, link}, pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
		s, err := c.Find(context.Background(), Name{"org", "tiny", DefaultRevision})
		for _, dir := range []string{outer, filepath.Join(outer, "in")} {
			if list, _ := os.ReadDir(dir); len(list) > 1 {
				t.Errorf("%s holds %v", dir, list)
			}
		}
		if err != nil {
			return
		}
		if _, err := os.Stat(filepath.Join(s.Dir, configFile)); err != nil || !strings.HasPrefix(s.Dir, c.Cache) {
			t.Errorf("found %+v: %v", s, err)
		}
	})
}
