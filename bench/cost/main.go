// Command cost measures what AdaGP costs, as multiples of SparseGPT on the same model and windows:
//
//	go run ./bench/cost                                   random LLaMA and OPT of 4 layers, 768 wide
//	go run ./bench/cost -data DIR                         and the trained models of DIR, in front
//	go run ./bench/cost -cpu -rounds 1 -windows 16        on a busy machine, or in a hurry
//
// DIR holds models/NAME and golden/prune/ids/NAME_calib_seed0.u16, windows of little-endian uint16. Every
// method prunes the model from opening its folder to the last tensor handed over, in turn, on one thread
// unless -threads says otherwise; rounds follow one another, and medians are shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
)

// method is one column of the table.
type method struct {
	name string
	make func() prune.Method
}

var methods = []method{
	{"SparseGPT", func() prune.Method { return prune.Local(sparsegpt.Solver{}) }},
	{"fast", func() prune.Method { return adagp.New(adagp.Fast()) }},
	{"balanced", func() prune.Method { return adagp.New(adagp.Balanced()) }},
	{"published, one epoch", published(1)},
	{"published, four epochs", published(4)},
}

// published is AdaGP as published with its own solver, which it does not refuse.
func published(epochs int) func() prune.Method {
	return func() prune.Method {
		m, err := adagp.NewPaper(adagp.PaperSettings{Epochs: epochs})
		if err != nil {
			panic(err)
		}
		return m
	}
}

func main() {
	data := flag.String("data", "", "folder with trained models and their windows; none if empty")
	windows := flag.Int("windows", 64, "calibration windows")
	length := flag.Int("seqlen", 256, "tokens per window")
	rounds := flag.Int("rounds", 3, "runs of every method")
	sparsity := flag.Float64("sparsity", 0.7, "share of zeros")
	threads := flag.Int("threads", 1, "threads")
	cpu := flag.Bool("cpu", false, "count processor time, which other programs disturb less; with one thread")
	random := flag.Bool("random", true, "measure the random models of 768 columns")
	flag.Parse()
	if flag.NArg() > 0 || *windows < 1 || *length < 1 || *rounds < 1 || *threads < 1 {
		flag.Usage()
		os.Exit(2)
	}
	parallel.SetThreads(*threads)
	b := setup{windows: *windows, length: *length, rounds: *rounds, sparsity: *sparsity, now: wallClock}
	if *cpu {
		b.now = bench.ProcessorTime
	}
	if err := b.run(*data, *random); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

// wallClock returns the time since some moment in the past.
func wallClock() time.Duration { return time.Since(start) }

var start = time.Now()

// setup is what the flags say.
type setup struct {
	windows, length, rounds int
	sparsity                float64
	now                     func() time.Duration
}

func (b setup) run(data string, random bool) error {
	var subjects []subject
	if data != "" {
		for _, name := range []string{"llama-mini", "opt-mini"} {
			s, err := trained(data, name, b.windows, b.length)
			if err != nil {
				return err
			}
			subjects = append(subjects, s)
		}
	}
	if random {
		dir, err := os.MkdirTemp("", "cost")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		for _, shape := range shapes {
			s, err := shape.write(dir, b.windows, b.length)
			if err != nil {
				return fmt.Errorf("%s: %w", shape.name, err)
			}
			subjects = append(subjects, s)
		}
	}
	header := "| model | " + methods[0].name + " |"
	for _, m := range methods[1:] {
		header += " " + m.name + " |"
	}
	fmt.Println(header)
	fmt.Println("| --- |" + strings.Repeat(" ---: |", len(methods)))
	for _, s := range subjects {
		seconds, err := b.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		line := fmt.Sprintf("| %s | %.1f s |", s.name, seconds[0])
		for _, t := range seconds[1:] {
			line += fmt.Sprintf(" %.2f × |", t/seconds[0])
		}
		fmt.Println(line)
	}
	return nil
}

// measure returns the median time of every method, in seconds.
func (b setup) measure(s subject) ([]float64, error) {
	times := make([][]float64, len(methods))
	for round := range b.rounds {
		for i, m := range methods {
			o := prune.Options{Method: m.make(), Pattern: sparsity.Unstructured(b.sparsity)}
			before := b.now()
			if err := s.prune(context.Background(), o); err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			times[i] = append(times[i], (b.now() - before).Seconds())
			fmt.Fprintf(os.Stderr, "%s, round %d: %s %.2f s\n", s.name, round+1, m.name, times[i][round])
		}
	}
	medians := make([]float64, len(methods))
	for i, t := range times {
		slices.Sort(t)
		medians[i] = (t[(len(t)-1)/2] + t[len(t)/2]) / 2
	}
	return medians, nil
}
