package benchcmd

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
)

// Command returns the command bench.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "bench",
		Summary:  "measure this machine's kernels and pruning steps",
		Synopsis: exit.Program + " bench [flags]",
		Description: "Shows what the cores and the memory can do at most, and which share of it matrix products,\n" +
			"factorisations, pruning steps and a forward pass reach. About a minute and 2 GiB of memory;\n" +
			"run it on an otherwise idle machine.",
		Flags: []flags.Flag{
			{Name: "quick", Usage: "small sizes: seconds and rough figures", Kind: flags.Switch},
			{Name: "cpu-time", Usage: "count processor time instead of wall time, which other programs disturb less; with --threads 1", Kind: flags.Switch},
		},
		Examples: []string{
			"bench",
			"bench --threads 1 --kernel avx2",
			"bench --quick --json",
		},
		Run: runBench,
	})
}

func runBench(s *session.Session, c *cli.Context) error {
	if n := session.Threads(); c.Bool("cpu-time") && n != 1 {
		return exit.Usagef("--cpu-time with %d threads: want --threads 1", n)
	}
	t := s.Progress.StartShares("measuring")
	res, err := bench.Run(s.Ctx, bench.Options{
		Quick:   c.Bool("quick"),
		CPUTime: c.Bool("cpu-time"),
		Seed:    s.Seed,
		Progress: func(e bench.Event) {
			if e.Share == 0 {
				s.Progress.Line("measuring: %s (%d of %d)", e.Stage, e.Index+1, e.Total)
			}
			t.Share((float64(e.Index)+e.Share)/float64(e.Total), e.Stage)
		},
	})
	if err != nil {
		return err
	}
	return s.Result(res, func(w io.Writer) { writeBench(w, res) })
}

// idleShare is the share of the cores that a measurement has at least on an idle machine.
const idleShare = 0.9

func writeBench(w io.Writer, r *bench.Result) {
	threads := "1 thread"
	if r.Threads != 1 {
		threads = fmt.Sprintf("%d threads", r.Threads)
	}
	fmt.Fprintf(w, "kernel %s, %s\n\n", r.Kernel, threads)
	benchTable(r).Write(w)
	fmt.Fprintf(w, "\nMedians; %s in all. Time of AdaGP is per epoch.\n", format.Seconds(r.Seconds))
	switch {
	case r.CPUTime:
		fmt.Fprintln(w, "Processor time, not wall time.")
	case r.Quick:
		fmt.Fprintln(w, "Small sizes (--quick): only the full run says how fast the machine is.")
	case r.CPUShare > 0 && r.CPUShare < idleShare:
		fmt.Fprintf(w, "Other programs were running: this one had only %.0f %% of its cores.\n", 100*r.CPUShare)
	}
}

func benchTable(r *bench.Result) *format.Table {
	t := &format.Table{Head: []string{"measured", "size", "time", "speed", "share"}, Left: 2}
	flops := func(v float64) string { return fmt.Sprintf("%.1f GFLOP/s", v) }
	bytes := func(v float64) string { return fmt.Sprintf("%.1f GB/s", v) }
	share := func(v float64, of string) string { return fmt.Sprintf("%.1f %% of %s", 100*v, of) }

	t.Add("multiply-adds, float32", "registers", "", flops(r.Peak), "")
	t.Add("multiply-adds, float64", "registers", "", flops(r.Peak64), "")
	t.Add("reading", "memory", "", bytes(r.Read), "")
	for _, v := range r.Vectors {
		size := 4 * float64(v.Rows) * float64(v.Cols)
		if v.DType != "F32" {
			size /= 2
		}
		t.Add("matrix × vector, "+v.DType, fmt.Sprintf("%d×%d", v.Rows, v.Cols), formatShortTime(size/v.GBPS/1e9), bytes(v.GBPS), share(v.OfBandwidth, "reading"))
	}
	for _, p := range r.Packed {
		name, tokens := p.Layout+", "+p.DType, "1 token"
		if p.Layout == "bitmask" {
			name = fmt.Sprintf("%s, %.0f %% zeros", name, 100*p.Zeros)
		}
		if p.Tokens > 1 {
			tokens = fmt.Sprintf("%d tokens", p.Tokens)
		}
		t.Add(name, fmt.Sprintf("%d×%d, %s", p.Rows, p.Cols, tokens), formatShortTime(p.Seconds), bytes(float64(p.Bytes)/p.Seconds/1e9), fmt.Sprintf("%.2f × dense F32", p.SpeedUp))
	}
	for _, p := range r.Products {
		work := 2 * float64(p.M) * float64(p.N) * float64(p.K)
		t.Add("matrix × matrix, "+p.Trans, fmt.Sprintf("%d×%d×%d", p.M, p.N, p.K), formatShortTime(work/p.GFLOPS/1e9), flops(p.GFLOPS), share(p.OfPeak, "float32"))
	}
	t.Add("Gram matrix XᵀX", fmt.Sprintf("%d×%d", r.Gram.Rows, r.Gram.Cols), formatShortTime(r.Gram.Seconds), "", share(r.Gram.OfProduct, "a product"))
	for _, f := range r.Factors {
		t.Add("inverse Cholesky factor, F64", fmt.Sprintf("%d×%d", f.N, f.N), formatShortTime(f.Seconds), flops(f.GFLOPS), share(f.OfPeak, "float64"))
	}
	for _, s := range r.Steps {
		t.Add(s.Method+", 50 %", fmt.Sprintf("%d×%d", s.Rows, s.Cols), formatShortTime(s.Seconds), "", "")
	}
	f := r.Forward
	t.Add("forward pass of a model", fmt.Sprintf("%d×%d, %d tokens", f.Layers, f.Hidden, f.Tokens), formatShortTime(f.Seconds), fmt.Sprintf("%.0f tokens/s", f.TokensPer), "")
	t.Add("", "its products", "", flops(f.GFLOPS), share(f.OfProducts, "a product"))
	return t
}

// formatShortTime shows three digits in the unit that suits.
func formatShortTime(seconds float64) string {
	switch {
	case seconds < 1e-3:
		return fmt.Sprintf("%.3g µs", 1e6*seconds)
	case seconds < 1:
		return fmt.Sprintf("%.3g ms", 1e3*seconds)
	}
	return fmt.Sprintf("%.3g s", seconds)
}
