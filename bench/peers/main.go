// Command peers times our kernels beside OpenBLAS, oneDNN, gonum and spago and prints Markdown tables.
//
// The contenders take turns, round after round, so that whatever else the machine does slows all of
// them alike. The C libraries run in processes of their own (native/peer.c).
// "make bench-peers" builds and runs everything.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/adagp/adagp/asm"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("peers: ")
	peer := flag.String("peer", "", "program built from native/peer.c; empty: Go contenders only")
	threads := flag.String("threads", "1,2", "numbers of threads")
	rounds := flag.Int("rounds", 9, "samples of every contender")
	match := flag.String("match", "", "measure only the tasks that this regular expression finds, such as 1024")
	flag.BoolVar(&cpuTime, "cpu", false, "count processor time instead of wall time, for one thread on a busy machine")
	flag.Parse()
	wanted, err := regexp.Compile(*match)
	if err != nil {
		log.Fatal(err)
	}
	for _, level := range asm.Levels() {
		if level == asm.Generic && len(asm.Levels()) > 1 || level == asm.AVX512NoVBMI2 {
			continue // the products that are measured are those of AVX512
		}
		for _, word := range strings.Split(*threads, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 || n > 1 && cpuTime {
				log.Fatalf("-threads %q: want whole numbers with commas between them, only 1 with -cpu", *threads)
			}
			if err := compare(level, n, *rounds, *peer, wanted); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// cpuTime selects processor time.
var cpuTime bool

// now returns the time in seconds since some moment, or the processor time of this process so far.
func now() float64 {
	clock := int32(unix.CLOCK_MONOTONIC)
	if cpuTime {
		clock = unix.CLOCK_PROCESS_CPUTIME_ID
	}
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		panic(err)
	}
	return float64(t.Nano()) / 1e9
}

// compare prints the table of a level and a number of threads.
func compare(level asm.Level, threads, rounds int, peer string, wanted *regexp.Regexp) error {
	all, err := contenders(level, threads, peer)
	if err != nil {
		return err
	}
	defer func() {
		for _, c := range all {
			c.close()
		}
	}()
	t := newTable(level, threads, all)
	for _, x := range tasks {
		if !wanted.MatchString(x.order()) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%v, %d threads: %s\n", level, threads, x.order())
		row, err := race(x, all, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", x.order(), err)
		}
		t.add(x, row)
	}
	t.write(os.Stdout)
	return nil
}

const (
	sampleTime = 40 * time.Millisecond  // of a sample at least
	patience   = 5 * time.Second        // for all samples of a contender in a task
	pause      = 300 * time.Millisecond // until the threads of the one before have gone to sleep, and ours no longer yield to them
)

// race returns the seconds per call of every contender, round by round; none where it lacks the
// function.
func race(x task, all []contender, rounds int) ([][]float64, error) {
	times := make([][]float64, len(all))
	calls := make([]int, len(all))
	for i, c := range all {
		for range 2 { // the first call makes the operands as well
			first, err := c.time(x, 1)
			if err != nil {
				return nil, err
			}
			calls[i] = 0
			if first > 0 {
				calls[i] = int(sampleTime.Seconds()/first) + 1
			}
		}
	}
	spent := make([]float64, len(all))
	for range rounds {
		for i, c := range all {
			if calls[i] == 0 || spent[i] > patience.Seconds() {
				continue
			}
			time.Sleep(pause)
			if calls[i] > 1 { // a sample to get going, in which threads that slept find processors
				if _, err := c.time(x, calls[i]); err != nil {
					return nil, err
				}
			}
			seconds, err := c.time(x, calls[i])
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], seconds)
			spent[i] += seconds * float64(calls[i])
		}
	}
	return times, nil
}
