// Command big prunes models with random weights under memory budgets and prints what the kernel says
// of the process's resident memory, as a table for docs/performance.md. It wants bin/cli, some 10 GB in
// the folder for temporary files, and most of an hour:
//
//	make bench-big              all of it
//	make bench-big BIG=windows  one part: windows, 7b-layer or 1.1b
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/adagp/adagp/internal/bigmodel"
)

// job is one run of the program.
type job struct {
	part, shape     string
	layers          int // 0: those of the shape
	windows, length int
	memory          string
	method          []string
}

var jobs = []job{
	{"windows", "small", 2, 8, 512, "360MiB", []string{"--method", "sparsegpt"}},
	{"windows", "small", 2, 16, 512, "360MiB", []string{"--method", "sparsegpt"}},
	{"windows", "small", 2, 32, 512, "360MiB", []string{"--method", "sparsegpt"}},
	{"windows", "small", 2, 64, 512, "360MiB", []string{"--method", "sparsegpt"}},
	{"7b-layer", "7b-layer", 0, 16, 2048, "8GiB", []string{"--method", "sparsegpt"}},
	{"1.1b", "1.1b", 0, 8, 2048, "3GiB", []string{"--method", "sparsegpt"}},
	{"1.1b", "1.1b", 0, 8, 512, "3GiB", []string{"--preset", "fast", "--solver", "sparsegpt"}},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "big:", err)
		os.Exit(1)
	}
}

func run(parts []string) error {
	dir, err := os.MkdirTemp("", "adagp-big-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("| shape | settings | windows | budget | planned | peak RSS | hidden states | time | processor time | of it checkpoints |")
	fmt.Println("| --- | --- | --: | --: | --: | --: | --- | --: | --: | --: |")
	last := ""
	for _, j := range jobs {
		if len(parts) > 0 && !slices.Contains(parts, j.part) {
			continue
		}
		model := filepath.Join(dir, fmt.Sprintf("%s-%d", j.shape, j.layers))
		if model != last {
			if err := os.RemoveAll(last); last != "" && err != nil {
				return err
			}
			s := bigmodel.Named[j.shape]
			if j.layers > 0 {
				s.Layers = j.layers
			}
			if err := bigmodel.Write(model, s, 0); err != nil {
				return err
			}
			last = model
		}
		if err := j.run(model, filepath.Join(dir, "out")); err != nil {
			return err
		}
	}
	return nil
}

// run prunes the model and prints a row.
func (j job) run(model, out string) error {
	windows := model + ".jsonl"
	if err := bigmodel.WriteWindows(windows, j.windows, j.length, bigmodel.Named[j.shape].Vocab, 0); err != nil {
		return err
	}
	args := append([]string{"prune", "--model", model, "--calib", windows, "--memory", j.memory, "--json"}, j.method...)
	var plan struct {
		Peak    int64
		Scratch struct{ Where string }
	}
	if _, err := call(&plan, append(args, "--plan")...); err != nil {
		return err
	}
	var report struct {
		Seconds    float64
		Peak       int64   `json:"peak_rss_bytes"`
		Checkpoint float64 `json:"checkpoint_seconds"`
		Layers     []struct{ Index int }
	}
	used, err := call(&report, append(args, "--out", out, "--force")...)
	if err != nil {
		return err
	}
	fmt.Printf("| %s, %d layers | `%s` | %d × %d | %s | %d MiB | %d MiB | %s | %.0f s | %.0f s | %.2f %% |\n", j.shape, len(report.Layers), strings.Join(j.method, " "), j.windows, j.length,
		j.memory, plan.Peak>>20, report.Peak>>20, plan.Scratch.Where, report.Seconds, used.Seconds(), 100*report.Checkpoint/report.Seconds)
	return os.RemoveAll(out)
}

// call runs bin/cli, decodes what it prints, and returns the time that all processors together spent on it.
func call(result any, args ...string) (time.Duration, error) {
	c := exec.Command("bin/cli", args...)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return 0, fmt.Errorf("bin/cli %s: %w", strings.Join(args, " "), err)
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), json.Unmarshal(text, result)
}
