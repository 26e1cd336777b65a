package app_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/models"
)

// TestWeightsShrinkWhileMapped cuts the file under a program that generates from it: it fails as any
// command does, with one line and without a trace.
func TestWeightsShrinkWhileMapped(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	demo, err := models.Folder("demo:llama")
	if err == nil {
		err = os.CopyFS(dir, demo)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := clitest.Program("generate", "--model", dir, "--weights", "mapped", "--chat", "--max-tokens", "2", "--threads", "2")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() }).Stop()
	if _, err := io.WriteString(in, "The old man\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the first turn: %v; stderr:\n%s", err, &stderr)
	}
	if err := os.Truncate(filepath.Join(dir, clitest.STFileName), 100_000); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "and the sea\n"); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	err = c.Wait()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exit.Failed {
		t.Errorf("ended with %v, want status 1; stderr:\n%s", err, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "cli: ") || !strings.Contains(last, clitest.STFileName+": the file became shorter while it was in use") || strings.Contains(stderr.String(), "goroutine") {
		t.Errorf("stderr:\n%s\nwant one line that names the file", &stderr)
	}
}
