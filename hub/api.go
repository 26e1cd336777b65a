package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// Bounds of the hub's answers.
const (
	maxAnswer = 32 << 20 // bytes of one
	maxPages  = 1000
	maxFiles  = 100_000
)

// How often a request is tried, and what is waited between: twice as long each time.
const (
	attempts   = 5
	firstPause = time.Second
	maxPause   = time.Minute // longer ones that the hub wants end the work
)

// Client downloads models.
type Client struct {
	Settings
	// UserAgent is how the program introduces itself.
	UserAgent string
	// Progress, if any, is called after every piece that has come, and for files that are there already.
	Progress func(Progress)
	// Notice, if any, is told in a sentence why the work stands still.
	Notice func(string)

	transport http.RoundTripper // nil is the default one
	pause     func(ctx context.Context, d time.Duration) error
}

// Progress says how far a download is.
type Progress struct {
	File string
	// Done and Total are bytes of all files; what the cache had counts as done.
	Done, Total int64
}

// entry is a file that the hub lists.
type entry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	OID  string `json:"oid"` // git's SHA-1 of the file, or of the pointer to it
	LFS  *struct {
		OID  string `json:"oid"` // SHA-256
		Size int64  `json:"size"`
	} `json:"lfs"`
	Xet string `json:"xetHash"`
}

// etag returns the name of the file among the blobs: its SHA-256 if it is large, git's SHA-1 otherwise.
func (e *entry) etag() string {
	if e.LFS != nil {
		return e.LFS.OID
	}
	return e.OID
}

func (e *entry) bytes() int64 {
	if e.LFS != nil {
		return e.LFS.Size
	}
	return e.Size
}

// commit asks which commit the revision is.
func (c *Client) commit(ctx context.Context, n Name) (string, error) {
	if commitForm.MatchString(n.Revision) {
		return n.Revision, nil
	}
	var info struct {
		SHA string `json:"sha"`
	}
	if _, err := c.getJSON(ctx, n, fmt.Sprintf("%s/api/models/%s/revision/%s", c.Endpoint, n.ID(), url.PathEscape(n.Revision)), &info); err != nil {
		return "", err
	}
	if !commitForm.MatchString(info.SHA) {
		return "", answerError(n, "its commit is %.80q, want 40 hexadecimal digits", info.SHA)
	}
	return info.SHA, nil
}

// list returns the files of a commit.
func (c *Client) list(ctx context.Context, n Name, commit string) ([]entry, error) {
	var all []entry
	next := fmt.Sprintf("%s/api/models/%s/tree/%s?recursive=true", c.Endpoint, n.ID(), commit)
	for page := 0; next != ""; page++ {
		if page == maxPages {
			return nil, answerError(n, "the list of files has more than %d pages", maxPages)
		}
		var entries []entry
		header, err := c.getJSON(ctx, n, next, &entries)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type == "file" {
				all = append(all, e)
			}
		}
		if len(all) > maxFiles {
			return nil, answerError(n, "it lists more than %d files", maxFiles)
		}
		if next, err = c.nextPage(n, next, header.Get("Link")); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// nextPage returns the address of rel="next" in a Link header, which must be the hub's own, or "".
func (c *Client) nextPage(n Name, page, link string) (string, error) {
	for part := range strings.SplitSeq(link, ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(part), ">")
		if !strings.HasPrefix(target, "<") || !strings.Contains(params, `rel="next"`) {
			continue
		}
		base, err := url.Parse(page)
		if err != nil {
			return "", err
		}
		next, err := base.Parse(target[1:])
		if err != nil || next.Scheme != base.Scheme || next.Host != base.Host {
			return "", answerError(n, "its next page of files is %.200q", target[1:])
		}
		return next.String(), nil
	}
	return "", nil
}

// getJSON reads the answer to a request into v and returns its header. A failure that may pass is tried again.
func (c *Client) getJSON(ctx context.Context, n Name, address string, v any) (http.Header, error) {
	var header http.Header
	err := c.retry(ctx, n, func() (bool, error) {
		resp, stop, err := c.get(ctx, n, address, 0)
		if err != nil {
			return false, err
		}
		defer stop()
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
		if err != nil {
			return false, err
		}
		if len(b) > maxAnswer {
			return false, final{answerError(n, "it has more than %d bytes", maxAnswer)}
		}
		if err := json.Unmarshal(b, v); err != nil {
			return false, final{answerError(n, "%v", err)}
		}
		header = resp.Header
		return true, nil
	})
	return header, err
}

// final marks an error after which trying again is of no use.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// retry calls do until it succeeds, has failed for good, or has failed five times since it made progress.
func (c *Client) retry(ctx context.Context, n Name, do func() (progress bool, err error)) error {
	for attempt, wait := 1, firstPause; ; attempt++ {
		progress, err := do()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if progress {
			attempt, wait = 1, firstPause
		}
		var refused *Error
		var f final
		var unknown *net.DNSError
		pause := wait
		switch {
		case errors.As(err, &f):
			return f.error
		case errors.As(err, &unknown) && unknown.IsNotFound:
			return fmt.Errorf("model %s: the hub %s cannot be found: is this machine connected? %w", n, c.Endpoint, err)
		case errors.As(err, &refused):
			pause = max(pause, refused.RetryAfter)
			if !refused.temporary() || attempt == attempts || pause > maxPause {
				return refused
			}
		case attempt == attempts:
			return fmt.Errorf("model %s: %w", n, err)
		}
		c.notice("%v; trying again in %v", err, pause)
		if err := c.sleep(ctx, pause); err != nil {
			return err
		}
		wait *= 2
	}
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.pause != nil {
		return c.pause(ctx, d)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func (c *Client) notice(format string, args ...any) {
	if c.Notice != nil {
		c.Notice(fmt.Sprintf(format, args...))
	}
}

// get asks for the bytes of an address from an offset on. stop ends the reading; until then the hub may not be
// silent for longer than the timeout.
func (c *Client) get(ctx context.Context, n Name, address string, offset int64) (resp *http.Response, stop func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	watch := time.AfterFunc(c.Timeout, func() { cancel(fmt.Errorf("the hub has sent nothing for %v", c.Timeout)) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, final{err}
	}
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	client := http.Client{Transport: c.transport, CheckRedirect: checkRedirect}
	stop = func() { watch.Stop(); cancel(nil) }
	if resp, err = client.Do(req); err != nil {
		cause := context.Cause(ctx)
		stop()
		if cause != nil && ctx.Err() != nil && !errors.Is(cause, context.Canceled) {
			err = cause
		}
		return nil, nil, err
	}
	body := resp.Body
	end := stop
	stop = func() { end(); body.Close() }
	resp.Body = &watched{ReadCloser: body, ctx: ctx, moved: func() { watch.Reset(c.Timeout) }}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		defer stop()
		return nil, nil, c.refusal(n, resp)
	}
	return resp, stop, nil
}

// watched is a body whose reading puts off the timeout.
type watched struct {
	io.ReadCloser
	ctx   context.Context
	moved func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.moved()
	}
	if err != nil && err != io.EOF && w.ctx.Err() != nil {
		err = context.Cause(w.ctx)
	}
	return n, err
}

// checkRedirect follows the hub to the hosts that hold its files, which must not get the token, nor be reached
// without encryption where the hub is.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return final{errors.New("more than 10 redirects")}
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return final{fmt.Errorf("the hub redirects to %s://%s, which is not encrypted", req.URL.Scheme, req.URL.Host)}
	}
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
		req.Header.Del("Authorization")
	}
	return nil
}

func (c *Client) refusal(n Name, resp *http.Response) error {
	e := &Error{Name: n, Status: resp.StatusCode, Code: path.Base(resp.Header.Get("X-Error-Code")), Endpoint: c.Endpoint, HasToken: c.Token != ""}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(min(seconds, 1<<20)) * time.Second
	}
	return e
}
