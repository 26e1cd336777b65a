package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/hub/hubtest"
)

// TestRefused: what the hub refuses, in words that say what to do.
func TestRefused(t *testing.T) {
	answer := func(status int, code string, header ...string) func(*hubtest.Server) {
		return func(s *hubtest.Server) {
			s.Refuse = func(w http.ResponseWriter, r *http.Request) bool {
				if code != "" {
					w.Header().Set("X-Error-Code", code)
				}
				for i := 0; i < len(header); i += 2 {
					w.Header().Set(header[i], header[i+1])
				}
				w.WriteHeader(status)
				return true
			}
		}
	}
	entry := func(line string) func(*hubtest.Server) { return func(s *hubtest.Server) { s.Extra = []string{line} } }
	for name, c := range map[string]struct {
		prepare func(*hubtest.Server)
		token   string
		want    string
	}{
		"private":         {answer(401, ""), "", "set HF_TOKEN"},
		"bad token":       {answer(401, ""), "hf_x", "does not accept the token"},
		"gated":           {answer(403, "GatedRepo"), "", "/org/tiny, and set HF_TOKEN"},
		"gated for it":    {answer(403, "GatedRepo"), "hf_x", "use the token of the same account"},
		"forbidden":       {answer(403, ""), "hf_x", "the token may not read it"},
		"absent":          {answer(404, "RepoNotFound"), "", "there is no such model"},
		"no revision":     {answer(404, "RevisionNotFound"), "", `there is no revision "main"`},
		"too many":        {answer(429, "", "Retry-After", "3600"), "", "try again in 1h0m0s"},
		"too many, often": {answer(429, ""), "", "too many requests"},
		"broken":          {answer(503, ""), "", "the hub answers 503"},
		"no commit": {func(s *hubtest.Server) {
			s.Refuse = func(w http.ResponseWriter, r *http.Request) bool { fmt.Fprint(w, `{"sha":"../../x"}`); return true }
		}, "", "want 40 hexadecimal digits"},
		"no JSON": {func(s *hubtest.Server) {
			s.Refuse = func(w http.ResponseWriter, r *http.Request) bool { fmt.Fprint(w, `<html>`); return true }
		}, "", "the hub's answer is wrong"},
		"a sum that is a path": {entry(`{"type":"file","path":"a.json","size":1,"oid":"../../../x"}`), "", `want a SHA-1`},
		"a negative size":      {entry(`{"type":"file","path":"a.json","size":-1,"oid":"0123456789abcdef0123456789abcdef01234567"}`), "", "has -1 bytes"},
		"no weights":           {func(s *hubtest.Server) { delete(s.Files, "model.safetensors") }, "", "has no weights"},
		"no configuration":     {func(s *hubtest.Server) { delete(s.Files, "config.json") }, "", "no config.json"},
		"another host's page": {func(s *hubtest.Server) {
			s.Refuse = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Link", `<http://elsewhere.example/>; rel="next"`)
				return false
			}
		}, "", "its next page"},
		"pages without end": {func(s *hubtest.Server) {
			s.Refuse = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/tree/") {
					return false
				}
				w.Header().Set("Link", `<?cursor=1>; rel="next"`)
				fmt.Fprint(w, "[]")
				return true
			}
		}, "", "more than 1000 pages"},
	} {
		t.Run(name, func(t *testing.T) {
			s := hubtest.New(t, "org/tiny", tiny(1000), "model.safetensors")
			c.prepare(s)
			client := client(t, s)
			client.Token = c.token
			_, err := client.Find(context.Background(), tinyName)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "org/tiny") {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(client.Cache, "models--org--tiny", "refs")); err == nil {
				t.Error("a ref was written")
			}
		})
	}
}

// TestWrongBytes: a file whose bytes are others, more or without end is refused, and nothing of it stays.
func TestWrongBytes(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request, content []byte) bool {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return true
			}
		}
	}
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request, content []byte) bool
		want  string
	}{
		"other bytes": {func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			w.Write(make([]byte, len(content)))
			return true
		}, "checksum"},
		"one more": {func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			w.Write(append(content, 0))
			return true
		}, "has more than"},
		"without end": {endless, "has more than"},
		"another range": {func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			w.Header().Set("Content-Range", "bytes 7-8/9")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content)
			return true
		}, "want bytes from 0 on"},
		"nothing": {func(w http.ResponseWriter, r *http.Request, content []byte) bool { return true }, "the connection ended after 0 of"},
	} {
		t.Run(name, func(t *testing.T) {
			s := hubtest.New(t, "org/tiny", tiny(10_000), "model.safetensors")
			s.Serve = c.serve
			client := client(t, s)
			_, err := client.Find(context.Background(), tinyName)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if list, _ := filepath.Glob(filepath.Join(client.Cache, "models--org--tiny", "snapshots", "*", "*")); len(list) > 0 {
				t.Errorf("the snapshot has %v", list)
			}
		})
	}
}

// TestHostileNames: files in other folders are not taken, however they are named.
func TestHostileNames(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(10), "model.safetensors")
	for _, name := range []string{"../../evil.json", "/etc/evil.json", `..\\evil.json`, "a/../../evil.json", ".hidden.json", "C:evil.json", "evil.json\\u0000"} {
		s.Extra = append(s.Extra, fmt.Sprintf(`{"type":"file","path":"%s","size":1,"oid":"0123456789abcdef0123456789abcdef01234567"}`, name))
	}
	c := client(t, s)
	if _, err := c.Find(context.Background(), tinyName); err != nil {
		t.Fatal(err)
	}
	for _, name := range tree(t, c.Cache) {
		if strings.Contains(name, "evil") || strings.Contains(name, "hidden") {
			t.Errorf("%s was written", name)
		}
	}
	s.Files["model.safetensors.index.json"] = []byte(`{"weight_map":{"a":"../../../../evil"}}`)
	delete(s.Files, "model.safetensors")
	c = client(t, s)
	if _, err := c.Find(context.Background(), tinyName); err == nil || !strings.Contains(err.Error(), `"../../../../evil"`) {
		t.Errorf("an index that points elsewhere: %v", err)
	}
}

// TestToken: the token goes to the hub (the storage host fails the test when it sees one).
func TestToken(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(1000), "model.safetensors")
	s.Token = "hf_secret"
	c := client(t, s)
	c.Token = "hf_secret"
	if _, err := c.Find(context.Background(), tinyName); err != nil {
		t.Fatal(err)
	}
}

// TestRetries: failures that pass.
func TestRetries(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(1000), "model.safetensors")
	failures := 0
	s.Refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if failures++; failures%3 == 0 {
			return false
		}
		w.Header().Set("Retry-After", "2")
		w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusBadGateway}[failures%2])
		return true
	}
	c := client(t, s)
	var pauses []time.Duration
	c.pause = func(ctx context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	notices := 0
	c.Notice = func(string) { notices++ }
	if _, err := c.Find(context.Background(), tinyName); err != nil {
		t.Fatal(err)
	}
	if len(pauses) == 0 || pauses[0] != 2*time.Second || notices != len(pauses) {
		t.Errorf("pauses are %v with %d notices, want the hub's two seconds", pauses, notices)
	}
}

// TestSilence: a hub that says nothing is given up after the timeout; an interrupt ends the work at once.
func TestSilence(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(1000), "model.safetensors")
	s.Serve = func(w http.ResponseWriter, r *http.Request, content []byte) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:1])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	c := client(t, s)
	c.Timeout = 50 * time.Millisecond
	notice := ""
	c.Notice = func(s string) { notice = s }
	interrupt := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(time.Second, func() { cancel(interrupt) })
	if _, err := c.Find(ctx, tinyName); !errors.Is(err, interrupt) && !strings.Contains(err.Error(), "nothing for") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(notice, "the hub has sent nothing for 50ms") {
		t.Errorf("the notice is %q", notice)
	}
}

func TestOffline(t *testing.T) {
	s := hubtest.New(t, "org/tiny", tiny(1000))
	c := client(t, s)
	c.Offline = true
	var absent *NotCachedError
	if _, err := c.Find(context.Background(), tinyName); !errors.As(err, &absent) || len(s.Requests) != 0 {
		t.Errorf("got %v after %d requests", err, len(s.Requests))
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"org/name":              {"org", "name", "main"},
		"Qwen/Qwen2.5-0.5B@v1":  {"Qwen", "Qwen2.5-0.5B", "v1"},
		"a/b@refs/pr/1":         {"a", "b", "refs/pr/1"},
		"a/b@" + hubtest.Commit: {"a", "b", hubtest.Commit},
	} {
		if got, err := ParseName(in); got != want || err != nil {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "name", "/name", "org/", "org/name/more", "../name", "org/..", "org/a--b", "org/name@", "org/name@../x", "org/name@/x",
		"org/name@a//b", "org/na me", "-org/name", "org/name@a b", "./model", "org\\name", "org/name.git", "a/b@x\x00"} {
		if got, err := ParseName(in); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "token"), []byte(" hf_file \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(vars ...string) (Settings, error) {
		return FromEnvironment(func(name string) string {
			for i := 0; i < len(vars); i += 2 {
				if vars[i] == name {
					return vars[i+1]
				}
			}
			return ""
		})
	}
	s, err := read("HF_HOME", home, "HF_ENDPOINT", "http://localhost:1/", "HF_HUB_OFFLINE", "1", "HF_HUB_DOWNLOAD_TIMEOUT", "2.5")
	want := Settings{Cache: filepath.Join(home, "hub"), Endpoint: "http://localhost:1", Token: "hf_file", Offline: true, Timeout: 2500 * time.Millisecond}
	if s != want || err != nil {
		t.Errorf("got %+v, %v, want %+v", s, err, want)
	}
	if s, err := read("HF_HOME", home, "HF_TOKEN", "hf_own", "HF_HUB_CACHE", "/c"); s.Token != "hf_own" || s.Cache != "/c" || err != nil {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, err := read("HF_HOME", home, "HF_HUB_DISABLE_IMPLICIT_TOKEN", "yes"); s.Token != "" || err != nil {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, v := range [][]string{{"HF_ENDPOINT", "hub"}, {"HF_ENDPOINT", "http://u:p@h"}, {"HF_HUB_DOWNLOAD_TIMEOUT", "x"}, {"HF_HUB_DOWNLOAD_TIMEOUT", "NaN"}} {
		if _, err := read(append(v, "HF_HOME", home)...); err == nil || !strings.Contains(err.Error(), v[0]) {
			t.Errorf("%v: %v", v, err)
		}
	}
}
