package optim_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nlpodyssey/spago/optimizers/decay/exponential"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/tensor"
)

// param returns a parameter with the given values and a gradient of zeros.
func param(name string, v ...float32) *nn.Param {
	p := nn.NewParam(name, len(v))
	p.Set(tensor.FromSlice(v, len(v)))
	p.ZeroGrad()
	return p
}

// rounding is what a float32 step may differ from the formula in float64, as a
// share of the value: a handful of roundings of 2⁻²⁴.
const rounding = 1e-6

func wantValues(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= rounding*max(1, math.Abs(w))) {
			t.Errorf("%s: element %d: got %.9g, want %.9g", what, i, got[i], w)
		}
	}
}

const (
	rate, beta1, beta2, epsilon, lambda = 0.1, 0.9, 0.95, 1e-4, 0.25
)

// The rules as in the papers, one element at a time: each returns the new value
// for step t, given value w, gradient g and state s that starts at zeros.
type state struct{ m, v float64 }

func (s *state) moments(g float64) {
	s.m = beta1*s.m + (1-beta1)*g
	s.v = beta2*s.v + (1-beta2)*g*g
}

// corrected is Kingma and Ba's αₜ, which corrects the bias of both moments.
func corrected(t int) float64 {
	return rate * math.Sqrt(1-math.Pow(beta2, float64(t))) / (1 - math.Pow(beta1, float64(t)))
}

func adam(s *state, w, g float64, t int) float64 {
	s.moments(g)
	return w - corrected(t)*s.m/(math.Sqrt(s.v)+epsilon)
}

func adamW(s *state, w, g float64, t int) float64 {
	return adam(s, w, g, t) - corrected(t)*lambda*w
}

func sgd(_ *state, w, g float64, _ int) float64 { return w - rate*g }

func momentum(s *state, w, g float64, _ int) float64 {
	s.v = 0.8*s.v + rate*g
	return w - s.v
}

func nesterov(s *state, w, g float64, _ int) float64 {
	before := s.v
	s.v = 0.8*s.v + rate*g
	return w - ((1+0.8)*s.v - 0.8*before)
}

func TestMethods(t *testing.T) {
	for _, c := range []struct {
		name   string
		method *optim.Method
		rule   func(s *state, w, g float64, t int) float64
	}{
		{"Adam", optim.Adam(rate, beta1, beta2, epsilon), adam},
		{"AdamW", optim.AdamW(rate, beta1, beta2, epsilon, lambda), adamW},
		{"AdamW without decay", optim.AdamW(rate, beta1, beta2, epsilon, 0), adam},
		{"SGD", optim.SGD(rate, 0, false), sgd},
		{"momentum", optim.SGD(rate, 0.8, false), momentum},
		{"Nesterov", optim.SGD(rate, 0.8, true), nesterov},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := param("w", 1, -2, 0.5, 0)
			want, states := []float64{1, -2, 0.5, 0}, make([]state, 4)
			opt := optim.New([]*nn.Param{p}, c.method, optim.Options{})
			for step, grad := range [][]float32{{1, -0.5, 0, 2}, {-3, 0.25, 0, 1}, {0.1, 0.1, 0, 0}} {
				copy(p.Grad.Data(), grad)
				for i, g := range grad {
					want[i] = c.rule(&states[i], want[i], float64(g), step+1)
				}
				if err := opt.Step(); err != nil {
					t.Fatal(err)
				}
				wantValues(t, "value", p.Value().Data(), want)
				wantValues(t, "gradient after the step", p.Grad.Data(), make([]float64, 4))
			}
			if opt.Steps() != 3 || opt.Rate() != rate {
				t.Errorf("got %d steps and rate %g, want 3 and %g", opt.Steps(), opt.Rate(), rate)
			}
		})
	}
}

// TestLAMB checks the one rule in which the elements of a parameter depend on
// each other.
func TestLAMB(t *testing.T) {
	p := param("w", 3, -4)
	copy(p.Grad.Data(), []float32{1, 2})
	if err := optim.New([]*nn.Param{p}, optim.LAMB(rate, beta1, beta2, epsilon, lambda), optim.Options{}).Step(); err != nil {
		t.Fatal(err)
	}
	var update [2]float64
	for i, g := range []float64{1, 2} {
		var s state
		s.moments(g)
		update[i] = s.m/(math.Sqrt(s.v)+epsilon) + lambda*[]float64{3, -4}[i]
	}
	scale := corrected(1) * 5 / math.Hypot(update[0], update[1])
	wantValues(t, "value", p.Value().Data(), []float64{3 - scale*update[0], -4 - scale*update[1]})
}

// TestRAdam follows spago's form of the rule: at first the variance is not yet
// tractable and the step is Adam's, later it is rectified.
func TestRAdam(t *testing.T) {
	const roMax = 2/(1-beta2) - 1
	p, w, s := param("w", 1), 1.0, state{}
	opt := optim.New([]*nn.Param{p}, optim.RAdam(rate, beta1, beta2, epsilon), optim.Options{})
	for step := 1; step <= 12; step++ {
		p.Grad.Fill(0.5)
		if err := opt.Step(); err != nil {
			t.Fatal(err)
		}
		s.moments(0.5)
		b2 := math.Pow(beta2, float64(step))
		ro, rect := roMax-2*float64(step)*b2/(1-b2), 1.0
		if ro > 4 {
			rect = math.Sqrt((ro - 4) * (ro - 2) * roMax / ((roMax - 4) * (roMax - 2) * ro))
		}
		w -= corrected(step) * rect * s.m / (math.Sqrt(s.v) + epsilon*math.Sqrt(1-b2))
		wantValues(t, "value", p.Value().Data(), []float64{w})
	}
}

func TestClipping(t *testing.T) {
	for _, c := range []struct {
		what    string
		options optim.Options
		want    []float64 // of both gradients together, as a step with rate 1
	}{
		{"no limit", optim.Options{}, []float64{3, 0, -4, 12}},
		{"norm above", optim.Options{ClipNorm: 6.5}, []float64{1.5, 0, -2, 6}},
		{"norm below", optim.Options{ClipNorm: 14}, []float64{3, 0, -4, 12}},
		{"values", optim.Options{ClipValue: 3.5}, []float64{3, 0, -3.5, 3.5}},
		{"values, then norm", optim.Options{ClipValue: 4, ClipNorm: math.Sqrt(41) / 2}, []float64{1.5, 0, -2, 2}},
	} {
		a, b, frozen := param("a", 0, 0), param("b", 0, 0), param("frozen", 7)
		copy(a.Grad.Data(), []float32{3, 0})
		copy(b.Grad.Data(), []float32{-4, 12})
		frozen.Freeze()
		if err := optim.New([]*nn.Param{a, frozen, b}, optim.SGD(1, 0, false), c.options).Step(); err != nil {
			t.Fatal(err)
		}
		got := append(append([]float32(nil), a.Value().Data()...), b.Value().Data()...)
		for i := range got {
			got[i] = -got[i]
		}
		wantValues(t, c.what, got, c.want)
		wantValues(t, "frozen", frozen.Value().Data(), []float64{7})
	}
}

func TestSchedules(t *testing.T) {
	const steps = 4
	cosine := []float64{1, 0.5 + math.Sqrt2/4, 0.5, 0.5 - math.Sqrt2/4, 0, 0}
	spagos := exponential.New(1, 0.01, 10)
	exp, r := make([]float64, 6), 1.0
	for i := range exp {
		r = spagos.Decay(r, i+1)
		exp[i] = r
	}
	for _, c := range []struct {
		what    string
		options optim.Options
		rates   []float64
	}{
		{"cosine", optim.Options{Schedule: optim.Cosine(1, steps)}, cosine},
		{"spago's exponential", optim.Options{Schedule: spagos}, exp},
	} {
		for name, method := range map[string]func() *optim.Method{
			"SGD":   func() *optim.Method { return optim.SGD(1, 0, false) },
			"Adam":  func() *optim.Method { return optim.Adam(1, 0, 0, 0) },
			"AdamW": func() *optim.Method { return optim.AdamW(1, 0, 0, 0, 1e-12) },
			"LAMB":  func() *optim.Method { return optim.LAMB(1, 0, 0, 0, 0) },
			"RAdam": func() *optim.Method { return optim.RAdam(1, 0, 0, 0) },
		} {
			// With β = 0 and gradient 1, Adam moves by the rate, as SGD does. LAMB
			// multiplies by the norm of the value, so that starts at 1 each time.
			p := param("w", 1)
			opt := optim.New([]*nn.Param{p}, method(), c.options)
			for i, rate := range c.rates {
				p.Value().Fill(1)
				p.Grad.Fill(1)
				if err := opt.Step(); err != nil {
					t.Fatal(err)
				}
				wantValues(t, c.what+" with "+name, p.Value().Data(), []float64{1 - rate})
				if math.Abs(opt.Rate()-rate) > 1e-12 {
					t.Errorf("%s with %s: got rate %g at step %d, want %g", c.what, name, opt.Rate(), i+1, rate)
				}
			}
		}
	}
}

func TestBadGradients(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(p *nn.Param)
		want  string
	}{
		{"not a number", func(p *nn.Param) { p.Grad.Set(float32(math.NaN()), 1) }, "gradient of bad is NaN at element 1"},
		{"infinite", func(p *nn.Param) { p.Grad.Set(float32(math.Inf(-1)), 0) }, "gradient of bad is -Inf at element 0"},
		{"not loaded", func(p *nn.Param) { p.Set(nil) }, "parameter bad has a gradient and no value"},
		{"another shape", func(p *nn.Param) { p.Grad = tensor.New(3) }, "parameter bad: gradient has shape [3], value [2]"},
	} {
		good, bad := param("good", 1), param("bad", 1, 2)
		good.Grad.Fill(1)
		c.spoil(bad)
		opt := optim.New([]*nn.Param{good, bad}, optim.Adam(rate, beta1, beta2, epsilon), optim.Options{})
		err := opt.Step()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "step 1") {
			t.Errorf("%s: got error %v, want one with %q", c.what, err, c.want)
		}
		if good.Value().At(0) != 1 || good.Grad.At(0) != 1 || opt.Steps() != 0 {
			t.Errorf("%s: got value %g, gradient %g, %d steps; want an untouched model", c.what, good.Value().At(0), good.Grad.At(0), opt.Steps())
		}
	}
}

// TestStorage checks that a step writes into the slices it was given, also when
// a parameter was loaded again, and that listing a parameter twice is harmless.
func TestStorage(t *testing.T) {
	p := param("w", 1, 2)
	value, grad := p.Value().Data(), p.Grad.Data()
	opt := optim.New([]*nn.Param{p, p}, optim.SGD(1, 0, false), optim.Options{})
	step := func() {
		t.Helper()
		p.Grad.Fill(1)
		if err := opt.Step(); err != nil {
			t.Fatal(err)
		}
	}
	step()
	wantValues(t, "value", value, []float64{0, 1})
	wantValues(t, "gradient", grad, []float64{0, 0})
	p.Set(tensor.FromSlice([]float32{10, 20}, 2))
	step()
	wantValues(t, "old storage", value, []float64{0, 1})
	wantValues(t, "new storage", p.Value().Data(), []float64{9, 19})
	p.Grad.Fill(5)
	opt.ZeroGrad()
	wantValues(t, "cleared", p.Grad.Data(), []float64{0, 0})
}

// mlp is two linear layers with a tanh between them.
type mlp struct{ first, second *nn.Linear }

func newMLP(seed uint64) *mlp {
	m := &mlp{nn.NewLinear("first", 2, 8, true), nn.NewLinear("second", 8, 1, true)}
	rng := rand.New(rand.NewPCG(seed, 0))
	m.Walk(func(p *nn.Param) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(0.7 * rng.NormFloat64())
		}
		p.ZeroGrad()
	})
	return m
}

func (m *mlp) Walk(visit func(*nn.Param)) {
	m.first.Walk(visit)
	m.second.Walk(visit)
}

func (m *mlp) Forward(c *nn.Context, x *autograd.Var) *autograd.Var {
	return m.second.Forward(c, autograd.Tanh(m.first.Forward(c, x)))
}

// train fits x XOR y, on four points around the corners of a square, and
// returns the loss before every step.
func train(t *testing.T, method *optim.Method, steps int) (losses []float32, m *mlp) {
	t.Helper()
	rng := rand.New(rand.NewPCG(2, 0))
	x, y := tensor.New(64, 2), tensor.New(64, 1)
	for i := range 64 {
		a, b := i&1, i>>1&1
		x.Set(float32(2*a-1)+0.2*float32(rng.NormFloat64()), i, 0)
		x.Set(float32(2*b-1)+0.2*float32(rng.NormFloat64()), i, 1)
		y.Set(float32(2*(a^b)-1), i, 0)
	}
	m = newMLP(1)
	opt := optim.New(nn.Params(m.Walk), method, optim.Options{ClipNorm: 1, Schedule: optim.Cosine(0.05, steps)})
	tape := autograd.NewTape()
	for range steps {
		tape.Reset()
		loss := autograd.MSE(m.Forward(&nn.Context{Tape: tape}, autograd.Const(x)), y)
		tape.Backward(loss)
		if err := opt.Step(); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, loss.Value.At(0))
	}
	return losses, m
}

// TestPieces steps a parameter that is cut into pieces, unevenly, and the same
// elements as parameters of their own.
func TestPieces(t *testing.T) {
	const n = 20001
	for name, method := range map[string]func() *optim.Method{
		"SGD":   func() *optim.Method { return optim.SGD(rate, 0.8, true) },
		"Adam":  func() *optim.Method { return optim.Adam(rate, beta1, beta2, epsilon) },
		"AdamW": func() *optim.Method { return optim.AdamW(rate, beta1, beta2, epsilon, lambda) },
		"RAdam": func() *optim.Method { return optim.RAdam(rate, beta1, beta2, epsilon) },
	} {
		rng := rand.New(rand.NewPCG(3, 0))
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		large := param("large", append([]float32(nil), v...)...)
		large.Set(large.Value().View(3, n/3))
		large.Grad = large.Grad.View(3, n/3)
		var small []*nn.Param
		for lo := 0; lo < n; lo += 1000 {
			small = append(small, param("small", v[lo:min(lo+1000, n)]...))
		}
		a, b := optim.New([]*nn.Param{large}, method(), optim.Options{}), optim.New(small, method(), optim.Options{})
		for range 3 {
			g := large.Grad.Data()
			for i := range g {
				g[i] = float32(rng.NormFloat64())
				small[i/1000].Grad.Data()[i%1000] = g[i]
			}
			if err := a.Step(); err != nil {
				t.Fatal(err)
			}
			if err := b.Step(); err != nil {
				t.Fatal(err)
			}
		}
		for i, got := range large.Value().Data() {
			if want := small[i/1000].Value().Data()[i%1000]; got != want {
				t.Fatalf("%s: element %d: got %g, want %g as in a parameter of its own", name, i, got, want)
			}
		}
	}
}

func TestXOR(t *testing.T) {
	losses, _ := train(t, optim.Adam(0.05, 0.9, 0.95, 1e-8), 200)
	first, last := losses[0], losses[len(losses)-1]
	// No linear map does better than 1, the variance of the targets.
	if first < 0.5 || last > 0.02 {
		t.Errorf("got loss %g at first and %g at last, want it to fall below 0.02", first, last)
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	defer parallel.SetThreads(parallel.Threads())
	var want []*nn.Param
	for _, threads := range []int{1, 4} {
		parallel.SetThreads(threads)
		_, m := train(t, optim.AdamW(0.05, 0.9, 0.95, 1e-8, 0.01), 5)
		got := nn.Params(m.Walk)
		if want == nil {
			want = got
		}
		for i, p := range got {
			for j, v := range p.Value().Data() {
				if v != want[i].Value().Data()[j] {
					t.Fatalf("%s with %d threads: element %d: got %g, want %g to the bit", p.Name, threads, j, v, want[i].Value().Data()[j])
				}
			}
		}
	}
}
