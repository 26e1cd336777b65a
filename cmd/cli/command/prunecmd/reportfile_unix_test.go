//go:build unix

package prunecmd_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
)

// TestReportIntoPipe: a named pipe gets the page and stays; a socket is refused.
func TestReportIntoPipe(t *testing.T) {
	model := clitest.CopyModel(t, "stories260k")
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no named pipes: %v", err)
	}
	got := make(chan string)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			got <- err.Error()
			return
		}
		defer f.Close()
		b, _ := io.ReadAll(f)
		got <- string(b)
	}()
	clitest.OK(t, clitest.QuickPrune(model, filepath.Join(dir, "out"), "--report", pipe)...)
	if page := <-got; !strings.Contains(page, "</html>") {
		t.Errorf("the pipe got %q, want the page", page)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe was replaced")
	}

	socket := filepath.Join(dir, "socket")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Skipf("no sockets: %v", err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		t.Skipf("no sockets: %v", err)
	}
	clitest.WantFailure(t, clitest.Call(t, clitest.QuickPrune(model, filepath.Join(dir, "out"), "--force", "--report", socket)...), exit.Usage, "is a socket")
	// Through a link: a defect that replaced the device itself would break the machine of whoever tests as root.
	toNull := clitest.Link(t, os.DevNull, filepath.Join(dir, "null"))
	clitest.OK(t, clitest.QuickPrune(model, filepath.Join(dir, "out"), "--force", "--report", toNull)...)
	if info, err := os.Stat(toNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("the link to %s was replaced", os.DevNull)
	}
}
