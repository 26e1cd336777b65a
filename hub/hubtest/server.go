// Package hubtest plays the Hugging Face hub and the host that it keeps large files on, for tests.
package hubtest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Commit is the only one of the model.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Server is a hub with one model. Change its fields before the first request, or under Lock.
type Server struct {
	sync.Mutex
	ID    string // "org/tiny"
	Files map[string][]byte
	// Large are the names of the files that the second host keeps.
	Large map[string]bool
	// Token is wanted of every request to the hub; empty wants none.
	Token string
	// PageSize is how many files a page lists; 0 is all.
	PageSize int
	// Extra are entries of the list as they are.
	Extra []string
	// Refuse answers requests to the hub instead, if it is set and returns true.
	Refuse func(w http.ResponseWriter, r *http.Request) bool
	// Serve answers requests for the bytes of files instead, if it is set and returns true.
	Serve func(w http.ResponseWriter, r *http.Request, content []byte) bool
	// Requests are the paths that were asked for, with the Range header behind a space.
	Requests []string

	URL     string // of the hub
	storage *httptest.Server
	t       testing.TB
}

// New starts both hosts. They end with the test.
func New(t testing.TB, id string, files map[string][]byte, large ...string) *Server {
	s := &Server{ID: id, Files: files, Large: map[string]bool{}, t: t}
	for _, name := range large {
		s.Large[name] = true
	}
	s.storage = httptest.NewServer(http.HandlerFunc(s.serveStorage))
	t.Cleanup(s.storage.Close)
	hub := httptest.NewServer(http.HandlerFunc(s.serveHub))
	t.Cleanup(hub.Close)
	s.URL = hub.URL
	return s
}

// SHA256 returns the digits of a file's sum.
func SHA256(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// SHA1 returns the name that git has for a file.
func SHA1(b []byte) string {
	return fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(b)), b...)))
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	s.note(r)
	if s.Refuse != nil && s.Refuse(w, r) {
		return
	}
	if s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	api := "/api/models/" + s.ID
	switch rest, isAPI := strings.CutPrefix(r.URL.Path, api); {
	case isAPI && strings.HasPrefix(rest, "/revision/"):
		s.revision(w, strings.TrimPrefix(rest, "/revision/"))
	case isAPI && rest == "/tree/"+Commit:
		s.tree(w, r)
	case strings.HasPrefix(r.URL.Path, "/"+s.ID+"/resolve/"):
		s.resolve(w, r)
	default:
		w.Header().Set("X-Error-Code", "RepoNotFound")
		http.Error(w, "no such model", http.StatusNotFound)
	}
}

func (s *Server) note(r *http.Request) {
	s.Requests = append(s.Requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
}

func (s *Server) revision(w http.ResponseWriter, revision string) {
	if revision != "main" && revision != Commit && revision != "refs/pr/1" {
		w.Header().Set("X-Error-Code", "RevisionNotFound")
		http.Error(w, "no such revision", http.StatusNotFound)
		return
	}
	var siblings []map[string]string
	for name := range s.Files {
		siblings = append(siblings, map[string]string{"rfilename": name})
	}
	json.NewEncoder(w).Encode(map[string]any{"id": s.ID, "sha": Commit, "siblings": siblings, "gated": false})
}

// tree lists the files, a page at a time.
func (s *Server) tree(w http.ResponseWriter, r *http.Request) {
	var names []string
	for name := range s.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	entries := append([]string(nil), s.Extra...)
	for _, name := range names {
		b := s.Files[name]
		entry := map[string]any{"type": "file", "path": name, "size": len(b), "oid": SHA1(b)}
		if s.Large[name] {
			entry["oid"] = SHA1([]byte("pointer to " + name))
			entry["lfs"] = map[string]any{"oid": SHA256(b), "size": len(b), "pointerSize": 130}
		}
		line, _ := json.Marshal(entry)
		entries = append(entries, string(line))
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	to := len(entries)
	if s.PageSize > 0 && from+s.PageSize < to {
		to = from + s.PageSize
		next := url.Values{"recursive": {"true"}, "cursor": {strconv.Itoa(to)}}
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, next.Encode()))
	}
	fmt.Fprintf(w, "[%s]", strings.Join(entries[min(from, len(entries)):to], ","))
}

// resolve gives a small file, or the address of a large one.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"+s.ID+"/resolve/"), "/", 2)
	content, ok := s.Files[parts[len(parts)-1]]
	if !ok {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	name := parts[1]
	w.Header().Set("X-Repo-Commit", Commit)
	if s.Large[name] {
		w.Header().Set("X-Linked-Etag", `"`+SHA256(content)+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		http.Redirect(w, r, s.storage.URL+"/"+SHA256(content), http.StatusFound)
		return
	}
	w.Header().Set("ETag", `"`+SHA1(content)+`"`)
	s.bytes(w, r, content)
}

func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	s.note(r)
	if r.Header.Get("Authorization") != "" {
		s.t.Errorf("the storage host is sent a token")
	}
	for name := range s.Large {
		if content := s.Files[name]; r.URL.Path == "/"+SHA256(content) {
			s.bytes(w, r, content)
			return
		}
	}
	http.NotFound(w, r)
}

// bytes sends a file, from where it is asked for.
func (s *Server) bytes(w http.ResponseWriter, r *http.Request, content []byte) {
	if s.Serve != nil && s.Serve(w, r, content) {
		return
	}
	from := 0
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
		if from >= len(content) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
		w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	}
	if r.Method != http.MethodHead {
		w.Write(content[from:])
	}
}
