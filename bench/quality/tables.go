package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

var (
	modelOrder   = []string{"llama-mini", "opt-mini", "stories260k"}
	methodOrder  = []string{"magnitude", "wanda", "sparsegpt", "adagp:paper", "adagp:fast", "adagp"}
	patternOrder = []string{"0.5", "0.6", "0.7", "0.8", "0.9", "2:4", "4:8"}
	seedOrder    = []int{0, 1, 2}
)

// tolerance is the agreement asked for with the reference; AdaGP+ may be better by any margin.
const tolerance = 0.03

// better are the methods of which the reference is to be met or beaten.
var better = []string{"adagp:fast", "adagp"}

// cell is a measured perplexity, 0 when it is missing.
func (s *sweep) cell(method, pattern string, seed int) float64 {
	if s != nil {
		for _, r := range s.Runs {
			p := strconv.FormatFloat(r.Pattern.Sparsity, 'g', -1, 64)
			if r.Pattern.M > 0 {
				p = fmt.Sprintf("%d:%d", r.Pattern.N, r.Pattern.M)
			}
			if r.Method == method && p == pattern && r.Seed == seed {
				return r.Perplexity[0]
			}
		}
	}
	return 0
}

// tables renders everything: a summary, and per model seed 0 beside the reference, then all seeds.
func tables(reference map[string]modelReference, sweeps map[string]*sweep) string {
	var b strings.Builder
	b.WriteString(summary(reference, sweeps))
	for _, name := range modelOrder {
		ref, s := reference[name], sweeps[name]
		if s == nil {
			fmt.Fprintf(&b, "\n### %s\n\nNot measured yet.\n", name)
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\nDense: %s (reference %s). Seed 0, ours / reference:\n\n", name, number(s.Dense[0]), number(ref.Dense))
		row(&b, append(append([]string{"Method"}, patternOrder...), "CPU s"))
		row(&b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(patternOrder)+1)...))
		for _, m := range methodOrder {
			cells := []string{"`" + m + "`"}
			for _, p := range patternOrder {
				cells = append(cells, beside(s.cell(m, p, 0), ref.Rows[m][p]))
			}
			row(&b, append(cells, s.cpu(m)))
		}
		b.WriteString("\nAll seeds, mean (least–largest):\n\n")
		row(&b, append([]string{"Method"}, patternOrder...))
		row(&b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(patternOrder))...))
		for _, m := range methodOrder {
			cells := []string{"`" + m + "`"}
			for _, p := range patternOrder {
				cells = append(cells, s.spread(m, p))
			}
			row(&b, cells)
		}
	}
	return b.String()
}

func row(b *strings.Builder, cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func beside(ours, ref float64) string {
	switch {
	case ours == 0 && ref == 0:
		return ""
	case ref == 0:
		return number(ours)
	case ours == 0:
		return "  / " + number(ref)
	}
	return number(ours) + " / " + number(ref)
}

// spread is the mean over the seeds that are there; fewer than all are counted.
func (s *sweep) spread(method, pattern string) string {
	var v []float64
	for _, seed := range seedOrder {
		if x := s.cell(method, pattern, seed); x > 0 {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return ""
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	text := number(sum / float64(len(v)))
	if low, high := number(slices.Min(v)), number(slices.Max(v)); low != high {
		text += fmt.Sprintf(" (%s–%s)", low, high)
	}
	if len(v) < len(seedOrder) && method != "magnitude" { // which looks at no calibration windows
		text += fmt.Sprintf(", %d of %d seeds", len(v), len(seedOrder))
	}
	return text
}

// cpu is the median processor time of a method's runs.
func (s *sweep) cpu(method string) string {
	var v []float64
	for _, r := range s.Runs {
		if r.Method == method {
			v = append(v, r.CPUSeconds)
		}
	}
	if len(v) == 0 {
		return ""
	}
	slices.Sort(v)
	return fmt.Sprintf("%.1f", v[len(v)/2])
}

func number(v float64) string {
	switch {
	case v < 10:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// tally counts the cells that meet the reference and names those that do not.
type tally struct {
	near, total    int // of the baselines and of AdaGP as published
	met, totalPlus int // of the methods that are to be better
	missing        int
	off            []string
}

// see compares a cell with its reference.
func (t *tally) see(sweeps map[string]*sweep, model, method, pattern string, seed int, want float64) {
	got := sweeps[model].cell(method, pattern, seed)
	if got == 0 {
		t.missing++
		return
	}
	d := got/want - 1
	good := math.Abs(d) <= tolerance
	count, all := &t.near, &t.total
	if slices.Contains(better, method) {
		good = d <= tolerance
		count, all = &t.met, &t.totalPlus
	}
	*all++
	if good {
		*count++
		return
	}
	t.off = append(t.off, fmt.Sprintf("%s `%s` %s seed %d: %s, reference %s (%+.1f %%)", model, method, pattern, seed, number(got), number(want), 100*d))
}

// summary counts the cells that meet the reference and names those that do not.
func summary(reference map[string]modelReference, sweeps map[string]*sweep) string {
	var t tally
	for _, model := range modelOrder {
		ref := reference[model]
		for _, m := range methodOrder {
			for _, p := range patternOrder {
				if want := ref.Rows[m][p]; want > 0 {
					t.see(sweeps, model, m, p, 0, want)
				}
				for _, seed := range seedOrder[1:] {
					if want := ref.Seeds[m][p][strconv.Itoa(seed)]; want > 0 {
						t.see(sweeps, model, m, p, seed, want)
					}
				}
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d measured cells of the baselines and of AdaGP as published are within %.0f %% of the reference; %d of %d of AdaGP+ meet or beat it (within %.0f %%).",
		t.near, t.total, 100*tolerance, t.met, t.totalPlus, 100*tolerance)
	if t.missing > 0 {
		fmt.Fprintf(&b, " %d cells that have a reference are not measured yet.", t.missing)
	}
	if len(t.off) > 0 {
		b.WriteString(" The others:\n\n")
		for _, line := range t.off {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	} else {
		b.WriteString("\n")
	}
	b.WriteString("\nMade by commits: " + origin(sweeps) + ".\n")
	return b.String()
}

// origin says which commits and kernels the results are of.
func origin(sweeps map[string]*sweep) string {
	versions, kernels := map[string][]string{}, map[string]bool{}
	for _, s := range sweeps {
		for _, r := range s.Runs {
			if !slices.Contains(versions[r.Method], r.Version) {
				versions[r.Method] = append(versions[r.Method], r.Version)
			}
			kernels[fmt.Sprintf("%s kernels, threads: %d", r.Kernel, r.Threads)] = true
		}
	}
	var methods []string
	for _, m := range slices.Sorted(maps.Keys(versions)) {
		slices.Sort(versions[m])
		methods = append(methods, fmt.Sprintf("`%s` %s", m, strings.Join(versions[m], ", ")))
	}
	return strings.Join(methods, "; ") + ". " + strings.Join(slices.Sorted(maps.Keys(kernels)), "; ")
}
