package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var (
	sha1Form   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// check requires that the hub's words about a file can be verified.
func (e *entry) check(n Name) error {
	switch {
	case e.bytes() < 0:
		return answerError(n, "file %q has %d bytes", e.Path, e.bytes())
	case e.LFS != nil && !sha256Form.MatchString(e.LFS.OID):
		return answerError(n, "file %q has the checksum %.80q, want a SHA-256", e.Path, e.LFS.OID)
	case e.LFS == nil && !sha1Form.MatchString(e.OID):
		return answerError(n, "file %q has the checksum %.80q, want a SHA-1", e.Path, e.OID)
	}
	return nil
}

// newSum returns the sum whose digits the file's etag is.
func (e *entry) newSum() hash.Hash {
	if e.LFS != nil {
		return sha256.New()
	}
	sum := sha1.New() // as git names the content of a file
	fmt.Fprintf(sum, "blob %d\x00", e.Size)
	return sum
}

// lockPause is how long a process waits before it looks again whether another one has finished.
const lockPause = 200 * time.Millisecond

// file brings a file into the snapshot, from the cache's blobs or from the hub. moved is told of every byte that has come.
func (c *Client) file(ctx context.Context, n Name, commit string, e entry, moved func(bytes int64)) error {
	path := filepath.Join(c.snapshotFolder(n, commit), e.Path)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == e.bytes() {
		moved(e.bytes())
		return nil
	}
	unlock, err := c.lock(ctx, n, e)
	if err != nil {
		return err
	}
	defer unlock()
	blob := filepath.Join(c.modelFolder(n), "blobs", e.etag())
	if info, err := os.Stat(blob); err == nil && info.Mode().IsRegular() && info.Size() == e.bytes() {
		moved(e.bytes())
		return c.link(blob, path)
	}
	if err := c.download(ctx, n, commit, e, blob, moved); err != nil {
		return err
	}
	return c.link(blob, path)
}

// lock waits until no other process downloads the file.
func (c *Client) lock(ctx context.Context, n Name, e entry) (unlock func(), err error) {
	path := filepath.Join(c.Cache, ".locks", n.folder(), e.etag()+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		ok, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if ok {
			return func() { f.Close() }, nil // the lock goes with the last open file
		}
		if !told {
			c.notice("another program downloads %s of %s: waiting for it", e.Path, n)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}

// download writes the blob: first what an earlier try left, then the rest from the hub.
func (c *Client) download(ctx context.Context, n Name, commit string, e entry, blob string, moved func(int64)) error {
	if err := os.MkdirAll(filepath.Dir(blob), 0o777); err != nil {
		return err
	}
	partial := blob + ".incomplete"
	if info, err := os.Lstat(partial); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("model %s: %s is no regular file, want the first part of a download, or nothing", n, partial)
	}
	f, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	d := &transfer{client: c, name: n, entry: e, file: f, moved: moved,
		address: fmt.Sprintf("%s/%s/resolve/%s/%s", c.Endpoint, n.ID(), commit, url.PathEscape(e.Path))}
	if err := d.begin(); err != nil {
		return err
	}
	leftovers := d.have > 0
	err = d.finish(ctx)
	var wrong *ChecksumError
	if leftovers && errors.As(err, &wrong) { // it may be the earlier try that is wrong
		if err = d.restart(); err == nil {
			err = d.finish(ctx)
		}
	}
	if errors.As(err, &wrong) {
		return errors.Join(err, os.Remove(partial))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(partial, blob)
}

// transfer is a file on its way.
type transfer struct {
	client  *Client
	name    Name
	entry   entry
	address string
	file    *os.File
	moved   func(int64)
	have    int64     // bytes in the file
	sum     hash.Hash // of them
}

// begin takes up what an earlier try has left.
func (d *transfer) begin() error {
	d.sum = d.entry.newSum()
	n, err := io.Copy(d.sum, io.LimitReader(d.file, d.entry.bytes()+1))
	if err != nil {
		return err
	}
	if n > d.entry.bytes() {
		return d.restart()
	}
	d.have = n
	d.moved(n)
	return nil
}

// finish brings the rest and verifies the whole.
func (d *transfer) finish(ctx context.Context) error {
	err := d.client.retry(ctx, d.name, func() (bool, error) {
		before := d.have
		err := d.more(ctx)
		return d.have > before, err
	})
	if err != nil {
		return err
	}
	if have := hex.EncodeToString(d.sum.Sum(nil)); have != d.entry.etag() {
		return &ChecksumError{Name: d.name, File: d.entry.Path, Want: d.entry.etag(), Have: have}
	}
	return nil
}

// restart forgets what has come.
func (d *transfer) restart() error {
	d.moved(-d.have)
	d.have, d.sum = 0, d.entry.newSum()
	if err := d.file.Truncate(0); err != nil {
		return err
	}
	_, err := d.file.Seek(0, io.SeekStart)
	return err
}

// more asks for the rest and writes what comes of it. It returns nil when the file has all its bytes.
func (d *transfer) more(ctx context.Context) error {
	if d.have == d.entry.bytes() {
		return nil
	}
	resp, stop, err := d.client.get(ctx, d.name, d.address, d.have)
	if err != nil {
		var refused *Error
		if errors.As(err, &refused) && refused.Status == http.StatusRequestedRangeNotSatisfiable {
			return errors.Join(d.restart(), errors.New("the hub has less of the file than was downloaded before"))
		}
		return err
	}
	defer stop()
	switch {
	case resp.StatusCode == http.StatusOK && d.have > 0: // the whole file, whatever was asked for
		if err := d.restart(); err != nil {
			return final{err}
		}
	case resp.StatusCode == http.StatusPartialContent && !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", d.have)):
		return final{answerError(d.name, "of file %q it sends %q, want bytes from %d on", d.entry.Path, resp.Header.Get("Content-Range"), d.have)}
	}
	if err := d.copy(resp.Body); err != nil {
		return err
	}
	if d.have < d.entry.bytes() {
		return fmt.Errorf("file %s: the connection ended after %d of %d bytes", d.entry.Path, d.have, d.entry.bytes())
	}
	return nil
}

// copy appends what comes, up to the size that the hub lists.
func (d *transfer) copy(body io.Reader) error {
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		if int64(n) > d.entry.bytes()-d.have {
			return final{errors.Join(answerError(d.name, "file %q has more than the %d bytes that it lists", d.entry.Path, d.entry.bytes()), d.restart())}
		}
		if _, err := d.file.Write(buffer[:n]); err != nil {
			return final{err}
		}
		d.sum.Write(buffer[:n])
		d.have += int64(n)
		d.moved(int64(n))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
