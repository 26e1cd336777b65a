// Command quality puts the tables of finished sweeps, the reference beside them, into a document.
//
//	go run ./bench/quality SWEEPS docs/quality.md
//
// SWEEPS holds a folder per model of reference.json, each with the sweep.json of "cli sweep". Cells that are
// not there yet stay empty. What stands between <!-- figures --> and <!-- end --> is replaced.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed reference.json
var referenceJSON []byte

// modelReference is what section 12 of the specification of the algorithms records for a model: the
// authors' code for the baselines and the published AdaGP, a prototype in torch for AdaGP+.
type modelReference struct {
	Dense float64
	Rows  map[string]map[string]float64            // method → pattern → perplexity with seed 0
	Seeds map[string]map[string]map[string]float64 // method → pattern → seed → perplexity
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: quality SWEEPS DOCUMENT")
	}
	var reference map[string]modelReference
	if err := json.Unmarshal(referenceJSON, &reference); err != nil {
		return fmt.Errorf("reference.json: %w", err)
	}
	sweeps := map[string]*sweep{}
	for name := range reference {
		s, err := readSweep(filepath.Join(args[0], name, "sweep.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		sweeps[name] = s
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), "<!-- figures -->\n")
	_, tail, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		return fmt.Errorf("%s has no <!-- figures --> … <!-- end -->", args[1])
	}
	return os.WriteFile(args[1], []byte(head+"<!-- figures -->\n"+tables(reference, sweeps)+"<!-- end -->"+tail), 0o644)
}

// sweep is the part of sweep.json that the tables show.
type sweep struct {
	Dense []float64
	Runs  []struct {
		Method  string
		Pattern struct {
			Sparsity float64
			N, M     int
		}
		Seed       int
		Perplexity []float64
		CPUSeconds float64 `json:"cpu_seconds"`
		Threads    int
		Kernel     string
		Version    string
	}
}

func readSweep(path string) (*sweep, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &sweep{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(s.Dense) != 1 {
		return nil, fmt.Errorf("%s: perplexities on %d texts, want 1", path, len(s.Dense))
	}
	return s, nil
}
