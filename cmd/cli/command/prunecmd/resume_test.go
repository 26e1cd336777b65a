package prunecmd_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// killedAfter runs a command that is killed without warning when it has used so much processor time. It
// reports whether that came to pass and what time it used.
func killedAfter(t *testing.T, d time.Duration, args ...string) (killed bool, used time.Duration) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no processor time to wait for and no signals there")
	}
	c := clitest.Program(args...)
	c.Env = append(c.Env, fmt.Sprintf("%s=%d", clitest.KillAt, d.Microseconds()))
	text, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !(errors.As(err, &ended) && ended.ExitCode() == -1) { // -1: by a signal
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, text)
	}
	return err != nil, c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}

// TestKill kills runs at 32 random moments, two in a row each, and resumes them: the weights that come
// of it are those of a run in peace, byte for byte, and nothing is left behind.
func TestKill(t *testing.T) {
	model := golden.Path("models/stories260k")
	for name, method := range map[string][]string{
		"sparsegpt": {"--method", "sparsegpt"},
		"adagp":     {"--preset", "fast", "--pattern", "2:4", "--layers", "0:3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := func(out string, more ...string) []string {
				list := append([]string{"prune", "--model", model, "--out", filepath.Join(dir, out), "--samples", "8", "--seqlen", "96", "--no-progress"}, method...)
				return append(list, more...)
			}
			_, whole := killedAfter(t, time.Hour, args("whole")...)
			want := clitest.WeightsOf(t, filepath.Join(dir, "whole"))
			rng := rand.New(rand.NewPCG(5, uint64(len(name))))
			killed, times := 0, 8
			if testing.Short() {
				times = 2
			}
			for range times {
				out := "out"
				for range 2 {
					if k, _ := killedAfter(t, time.Duration(rng.Float64()*float64(whole)), args(out, "--resume")...); k {
						killed++
					}
				}
				r := clitest.Program(args(out, "--resume")...)
				if text, err := r.CombinedOutput(); err != nil {
					t.Fatalf("resumed: %v: %s", err, text)
				}
				if clitest.WeightsOf(t, filepath.Join(dir, out)) != want {
					t.Fatal("resumed: other weights than those of a run in peace")
				}
				if _, err := os.Stat(filepath.Join(dir, out+".partial")); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the partial folder: %v, want that it does not exist", err)
				}
				if err := os.RemoveAll(filepath.Join(dir, out)); err != nil {
					t.Fatal(err)
				}
			}
			if 2*killed < times {
				t.Errorf("%d of %d runs were killed: the rest was too fast to tell anything", killed, 2*times)
			}
		})
	}
}

// interrupted leaves a run in dir/out that was killed after its first layer, and returns its flags.
func interrupted(t *testing.T, model, out string, more ...string) []string {
	t.Helper()
	args := append([]string{"prune", "--model", model, "--out", out, "--method", "test-wait-later", "--samples", "4", "--seqlen", "64"}, more...)
	c := clitest.Program(args...)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var text []byte
	for buf := make([]byte, 1<<12); !strings.Contains(string(text), "waiting"); {
		n, err := stderr.Read(buf)
		text = append(text, buf[:n]...)
		if err != nil {
			t.Fatalf("the program ended: %s", text)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // by the signal
	return args
}

// TestResumeRefusals: what must not be continued is refused with the reason, and stays as it is.
func TestResumeRefusals(t *testing.T) {
	dir := t.TempDir()
	model, out := clitest.CopyModel(t, "stories260k"), filepath.Join(dir, "out")
	args := interrupted(t, model, out)
	t.Setenv(clitest.DontWait, "1")
	refuse := func(says string, more ...string) {
		t.Helper()
		r := clitest.Call(t, append(append([]string{}, args...), more...)...)
		if r.Code != exit.Failed || !strings.Contains(r.Last(), says) {
			t.Errorf("%v: status %d, last line %q; want 1 and %q", more, r.Code, r.Last(), says)
		}
	}
	refuse("left over from an interrupted run (--resume continues it, --force removes it)")
	refuse("pattern is 0.7, was 0.5", "--resume", "--sparsity", "0.7")
	refuse("windows", "--resume", "--samples", "5")
	refuse("seed is 3, was 0", "--resume", "--seed", "3")
	refuse("dtype is F16, was none", "--resume", "--dtype", "float16")

	weights := filepath.Join(model, "model.safetensors")
	clitest.Flip(t, weights, 1)
	refuse("input file model.safetensors has changed", "--resume")
	clitest.Flip(t, weights, 1)

	stored := filepath.Join(out+".partial", "model", "model.safetensors")
	b, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, b...)
	for i := len(damaged) / 4; i < len(damaged); i++ {
		damaged[i] ^= 1
	}
	if err := os.WriteFile(stored, damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	refuse("is not what the run has written there", "--resume")
	if err := os.WriteFile(stored, b[:len(b)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	refuse("does not belong to this model and these settings", "--resume")
	if err := os.WriteFile(stored, b, 0o666); err != nil {
		t.Fatal(err)
	}

	clitest.OK(t, append(args, "--resume")...)
	again := clitest.OK(t, append(args, "--resume", "--json")...) // nothing to do any more
	if !strings.Contains(again.Stdout, `"method": "test-wait-later"`) {
		t.Errorf("resumed when complete: stdout %s", again.Stdout)
	}
	refuse("is complete, with other settings", "--resume", "--sparsity", "0.7")
}

// TestTwoProcesses: the second one on the same output is told so, whatever its flags, and disturbs
// nothing.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-wait-later", "--samples", "4", "--seqlen", "64"}
	t.Setenv(clitest.DontWait, "")
	r := clitest.InterruptAfter(t, "waiting", 1, func() {
		for _, more := range [][]string{nil, {"--resume"}, {"--force"}} {
			r := clitest.Call(t, append(append([]string{}, args...), more...)...)
			if r.Code != exit.Failed || !strings.HasSuffix(r.Last(), "out.partial is in use: another process is writing this output") {
				t.Errorf("%v: status %d, last line %q", more, r.Code, r.Last())
			}
		}
	}, args...)
	clitest.WantInterrupted(t, r)
	t.Setenv(clitest.DontWait, "1")
	clitest.OK(t, append(args, "--resume")...)
}
