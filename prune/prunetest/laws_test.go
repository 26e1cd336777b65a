package prunetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// recorder is a test that only takes down what it is told.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (r *recorder) Helper() {}

func (r *recorder) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, text)
}

func (r *recorder) Error(args ...any)                 { r.say(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.say(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.say(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.say(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// broken returns the names of the laws that s breaks, and what they say.
func broken(t *testing.T, s local.Solver, only string) map[string]string {
	all := map[string]string{}
	for _, l := range laws {
		if only != "" && l.name != only {
			continue
		}
		r, done := &recorder{TB: t}, make(chan struct{})
		go func() {
			defer close(done)
			l.check(r, s, exemptions{})
		}()
		<-done
		if len(r.said) > 0 {
			all[l.name] = strings.Join(r.said, "\n")
		}
	}
	return all
}

// solver is one made for a test: needs and a function. Its zero value finds Wanda's mask.
type solver struct {
	needs local.Needs
	score func(p *local.Problem, s *linalg.Matrix)                                                // of Saliency; changes it
	next  func(ctx context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) // what comes after
}

func (s solver) Describe() local.Description { return local.Description{Name: "test"} }

func (s solver) Needs() local.Needs {
	n := s.needs
	n.SquaredNorms = true
	return n
}

func (s solver) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	score := p.Saliency()
	if s.score != nil {
		s.score(p, score)
	}
	mask, err := p.Select(score, sparsity.RowScope)
	if err != nil {
		return nil, err
	}
	sol := p.Masked(mask)
	if s.next != nil {
		return s.next(ctx, p, sol)
	}
	return sol, nil
}

// coinFlip gives every weight a random score that depends on nothing but where it stands.
func coinFlip(p *local.Problem, s *linalg.Matrix) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range s.Data {
		s.Data[i] = r.Float64()
	}
}

// TestCoinFlipFails: a random mask of the right size obeys every law of form, and not those of sense.
func TestCoinFlipFails(t *testing.T) {
	for _, needs := range []local.Needs{{}, {Hessian: true}} {
		got := broken(t, solver{needs: needs, score: coinFlip}, "")
		for _, law := range []string{"optimal", "rows in any order", "columns in any order"} {
			if got[law] == "" {
				t.Errorf("%+v: the law %q lets a random mask pass", needs, law)
			}
			delete(got, law)
		}
		if len(got) > 0 {
			t.Errorf("%+v: more laws are broken: %v", needs, got)
		}
	}
}

// TestBlindMasksFail: neither weights nor inputs alone are enough.
func TestBlindMasksFail(t *testing.T) {
	blind := map[string]func(p *local.Problem, s *linalg.Matrix){
		"random": coinFlip,
		"inputs alone": func(p *local.Problem, s *linalg.Matrix) {
			for i := range s.Rows {
				copy(s.Row(i), p.InputNorms())
			}
		},
		"weights alone": func(p *local.Problem, s *linalg.Matrix) {
			for i, v := range p.W.Data {
				s.Data[i] = v * v
			}
		},
		"the largest first": func(_ *local.Problem, s *linalg.Matrix) {
			for i, v := range s.Data {
				s.Data[i] = -v
			}
		},
	}
	for name, score := range blind {
		for _, s := range []solver{{score: score}, {score: score, needs: local.Needs{WindowMoments: true}}, {score: score, needs: local.Needs{Hessian: true}},
			{score: score, needs: local.Needs{Hessian: true}, next: func(_ context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) {
				return leastSquares(p, s.Mask), nil
			}}} {
			said := broken(t, s, "optimal")["optimal"]
			if said == "" {
				t.Errorf("%s, refitted %v: the mask passes", name, s.next != nil)
			}
		}
	}
}

// after is what a solver does to a sound solution.
type after = func(ctx context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error)

// spoil is an after that needs nothing but the problem and the solution.
func spoil(f func(p *local.Problem, s *local.Solution)) after {
	return func(_ context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) {
		f(p, s)
		return s, nil
	}
}

// failing has an after that fails where it is asked to.
func failing(when func(p *local.Problem) bool) after {
	return func(_ context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) {
		if when(p) {
			return nil, errors.New("cannot solve this")
		}
		return s, nil
	}
}

// breakers has a solver for each law that breaks it. Some fail where a careless one would, by the look of the
// problem.
func breakers() map[string]local.Solver {
	var calls atomic.Int64
	hoard := func(ctx context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) {
		room := make([]byte, 64<<20)
		err := ctx.Err()
		runtime.KeepAlive(room)
		return s, err
	}
	return map[string]local.Solver{
		"zeros": solver{next: spoil(func(_ *local.Problem, s *local.Solution) { s.Mask.Set(0, 0, !s.Mask.Keep(0, 0)) })},
		"threads": solver{next: spoil(func(_ *local.Problem, s *local.Solution) {
			for k := range s.W.Data {
				s.W.Data[k] *= float64(parallel.Threads())
			}
		})},
		"fixed mask": solver{next: func(ctx context.Context, p *local.Problem, s *local.Solution) (*local.Solution, error) {
			if p.Keep == nil {
				return s, nil
			}
			free := *p
			free.Keep = nil
			return solver{}.Solve(ctx, &free)
		}},
		"dead inputs": solver{next: failing(func(p *local.Problem) bool { return p.H.At(0, 0) == 0 })},
		"few tokens": solver{needs: local.Needs{Hessian: true}, next: failing(func(p *local.Problem) bool {
			return p.W.Rows == 20 && p.W.Cols == 40 // as where a Hessian that is not damped is factored
		})},
		"equal inputs": solver{next: failing(func(p *local.Problem) bool {
			return p.H.At(0, 0) != 0 && p.H.Rows > 15 && p.H.At(0, 0) == p.H.At(15, 15)
		})},
		"zero weights": solver{next: failing(func(p *local.Problem) bool { return p.W.At(0, 0) == 0 })},
		"scale":        solver{next: failing(func(p *local.Problem) bool { return p.W.At(0, 0) > 1e9 || p.W.At(0, 0) < -1e9 })},
		"optimal":      solver{score: coinFlip},
		"rows in any order": solver{score: func(_ *local.Problem, s *linalg.Matrix) {
			for j := range s.Row(0) {
				s.Row(0)[j] = float64(j)
			}
		}},
		"columns in any order": solver{score: coinFlip},
		"concurrent": solver{next: spoil(func(p *local.Problem, s *local.Solution) {
			if calls.Add(1) > 2 {
				s.W.Data[firstKept(s)] *= 2 // what state between calls may do
			}
		})},
		"cancelled": deaf{},
		"workspace": solver{next: hoard},
	}
}

func firstKept(s *local.Solution) int {
	for k, v := range s.W.Data {
		if v != 0 {
			return k
		}
	}
	return 0
}

// deaf never looks at its context.
type deaf struct{ solver }

func (d deaf) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	return d.solver.Solve(context.Background(), p)
}

// TestEachLawCanFail: no law is one that nothing can break.
func TestEachLawCanFail(t *testing.T) {
	all := breakers()
	for _, l := range laws {
		s, ok := all[l.name]
		if l.name == "nothing left" || l.name == "bad input" {
			continue // local.Solve refuses for every solver
		}
		if !ok {
			t.Errorf("no solver breaks the law %q", l.name)
			continue
		}
		if said := broken(t, s, l.name); said[l.name] == "" {
			t.Errorf("the law %q lets its breaker pass", l.name)
		}
	}
}

// TestWandaKeepsTheLaws: the solver that the breakers are made of breaks none.
func TestWandaKeepsTheLaws(t *testing.T) {
	if got := broken(t, solver{}, ""); len(got) > 0 {
		t.Errorf("broken laws: %v", got)
	}
}
