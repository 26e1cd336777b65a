// Command bigmodel writes a LLaMA-shaped model folder with random weights and, if asked, calibration
// windows of random ids:
//
//	go run ./bench/bigmodel -shape 1.1b -out /tmp/big -windows 16 -seqlen 2048
//	bin/cli prune --model /tmp/big --calib /tmp/big/windows.jsonl --out /tmp/pruned --memory 3GiB
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adagp/adagp/internal/bigmodel"
)

func main() {
	names := strings.Join(slices.Sorted(maps.Keys(bigmodel.Named)), ", ")
	shape := flag.String("shape", "small", "one of "+names)
	out := flag.String("out", "", "folder to write")
	seed := flag.Uint64("seed", 0, "of weights and windows")
	windows := flag.Int("windows", 0, "calibration windows to write to OUT/windows.jsonl")
	length := flag.Int("seqlen", 2048, "tokens per window")
	layers := flag.Int("layers", 0, "decoder layers, if not those of the shape")
	flag.Parse()
	s, ok := bigmodel.Named[*shape]
	if !ok || *out == "" || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bigmodel: want -out DIR and -shape, one of %s\n", names)
		os.Exit(2)
	}
	if *layers > 0 {
		s.Layers = *layers
	}
	err := bigmodel.Write(*out, s, *seed)
	if err == nil && *windows > 0 {
		err = bigmodel.WriteWindows(filepath.Join(*out, "windows.jsonl"), *windows, *length, s.Vocab, *seed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bigmodel:", err)
		os.Exit(1)
	}
	fmt.Printf("%s: %d parameters\n", *out, s.Parameters())
}
