package bench

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// tiny are sizes at which everything runs in no time.
var tiny = sizes{
	rounds:   2,
	budget:   time.Second,
	memory:   1 << 12,
	products: []Product{{M: 16, N: 24, K: 8, Trans: "NN"}, {M: 16, N: 24, K: 8, Trans: "NT"}, {M: 5, N: 3, K: 8, Trans: "TN"}},
	gram:     [2]int{32, 16},
	vectors:  [][2]int{{32, 64}},
	packed:   packedSize{decode: [2]int{32, 64}, prompt: [2]int{32, 64}, tokens: 20, zeros: []float64{0.5}},
	factors:  []int{16},
	matrix:   32,
	chain:    chainSize{hidden: 8, intermediate: 16, tokens: 64},
	forward:  forwardSize{layers: 1, hidden: 16, intermediate: 32, heads: 2, vocab: 30, tokens: 8},
}

func TestRun(t *testing.T) {
	var events []Event
	res, err := measureAll(context.Background(), tiny, Options{Progress: func(e Event) { events = append(events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	positive(t, "Result", reflect.ValueOf(*res))
	if got, want := len(res.Products), len(tiny.products); got != want {
		t.Errorf("%d products, want %d", got, want)
	}
	for i, p := range res.Products {
		if want := tiny.products[i]; p.M != want.M || p.N != want.N || p.K != want.K || p.Trans != want.Trans {
			t.Errorf("product %d is %+v, want %+v", i, p, want)
		}
		if got := p.GFLOPS / res.Peak; math.Abs(got-p.OfPeak) > 1e-12 {
			t.Errorf("product %d: share %v of the peak, its figures say %v", i, p.OfPeak, got)
		}
	}
	var methods []string
	for _, s := range res.Steps {
		methods = append(methods, s.Method)
	}
	if got := strings.Join(methods, " "); got != "sparsegpt wanda magnitude adagp" {
		t.Errorf("steps %s", got)
	}
	last := 0.0
	for _, e := range events {
		at := float64(e.Index) + e.Share
		if at < last || e.Share < 0 || e.Share > 1 || e.Stage == "" || e.Index >= e.Total {
			t.Fatalf("event %+v after position %v", e, last)
		}
		last = at
	}
	if want := float64(events[0].Total); last != want {
		t.Errorf("progress ends at %v, want %v", last, want)
	}
}

// positive fails for every number of a result that is not a finite one above zero.
func positive(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i).Name; f != "CPUShare" && f != "Zeros" { // not known everywhere, none
				positive(t, name+"."+f, v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			t.Errorf("%s is empty", name)
		}
		for i := range v.Len() {
			positive(t, name, v.Index(i))
		}
	case reflect.Float64:
		if f := v.Float(); !(f > 0) || math.IsInf(f, 1) {
			t.Errorf("%s is %v", name, f)
		}
	case reflect.Int:
		if v.Int() < 1 {
			t.Errorf("%s is %d", name, v.Int())
		}
	case reflect.String:
		if v.String() == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestCPUTime(t *testing.T) {
	defer parallel.SetThreads(0)
	parallel.SetThreads(2)
	if _, err := measureAll(context.Background(), tiny, Options{CPUTime: true}); err == nil || !strings.Contains(err.Error(), "1 thread") {
		t.Errorf("on 2 threads: error %v", err)
	}
	parallel.SetThreads(1)
	if cpuTime() == 0 {
		t.Skip("not counted here")
	}
	res, err := measureAll(context.Background(), tiny, Options{CPUTime: true})
	if err != nil {
		t.Fatal(err)
	}
	if !res.CPUTime {
		t.Error("the result does not say what was measured")
	}
}

// TestCancel: the work ends at the next call, wherever it is.
func TestCancel(t *testing.T) {
	for stop := range 8 {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := measureAll(ctx, tiny, Options{Progress: func(e Event) {
			if e.Index > stop {
				t.Errorf("stage %d begins after a cancel in stage %d", e.Index, stop)
			}
			if e.Index == stop && e.Share > 0 {
				cancel()
			}
		}})
		cancel()
		if stop < 7 && !errors.Is(err, context.Canceled) {
			t.Errorf("cancel in stage %d: error %v", stop, err)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		seconds []float64
		want    float64
	}{
		{[]float64{3}, 3}, {[]float64{3, 1}, 2}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 100, 2}, 3},
	} {
		s := &series{seconds: c.seconds}
		if got := s.median(); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.seconds, got, c.want)
		}
	}
	if got := (&series{}).median(); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v", got)
	}
}

// TestMeasure: the yardstick has its turn ahead of every series, in every round.
func TestMeasure(t *testing.T) {
	var order strings.Builder
	named := func(name string) *series { return newSeries(func() { order.WriteString(name) }) }
	r := &run{ctx: context.Background(), now: wallClock(), sizes: sizes{rounds: 2, budget: time.Hour}}
	y, a, b := named("y"), named("a"), named("b")
	if err := r.measure(y, a, b); err != nil {
		t.Fatal(err)
	}
	// First calls, then two rounds; the first calls of the yardstick serve both series. Short ones have another one
	// ahead of each sample.
	if got, want := order.String(), "yyaabb"+"yyaayybb"+"yyaayybb"; got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
	if len(a.seconds) != 2 || len(y.seconds) != 4 {
		t.Errorf("%d samples, and %d of the yardstick, want 2 and 4", len(a.seconds), len(y.seconds))
	}
}

// TestBudget: at least one sample of everything, whatever it takes, and no more when time is up.
func TestBudget(t *testing.T) {
	r := &run{ctx: context.Background(), now: wallClock(), sizes: sizes{rounds: 5, budget: 0}}
	calls := 0
	s := newSeries(func() { calls++ })
	if err := r.measure(nil, s); err != nil {
		t.Fatal(err)
	}
	if calls != 4 || len(s.seconds) != 1 {
		t.Errorf("%d calls and %d samples, want 4 and 1: two first, one ahead of the sample", calls, len(s.seconds))
	}
	failing := errors.New("no")
	if err := r.measure(nil, &series{do: func() error { return failing }}); !errors.Is(err, failing) {
		t.Errorf("error %v, want %v", err, failing)
	}
}

func TestRing(t *testing.T) {
	g := &ring{data: []float32{0, 1, 2, 3, 4}}
	var got []float32
	for range 4 {
		got = append(got, g.next(2)[0])
	}
	if want := []float32{0, 2, 0, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("parts begin at %v, want %v", got, want)
	}
}

// TestForwardFlops counts the operations of the linear layers over again, from the model's own list.
func TestForwardFlops(t *testing.T) {
	f := tiny.forward
	r := &run{}
	m, err := f.model(r)
	if err != nil {
		t.Fatal(err)
	}
	want := 2 * float64(f.tokens*f.vocab*f.hidden)
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			want += 2 * float64(f.tokens*lin.In()*lin.Out())
		}
		// Query t sees t+1 keys: a product of its head with each, and a sum of as many values.
		for t := range f.tokens {
			want += 2 * 2 * float64(f.hidden) * float64(t+1)
		}
	}
	if got := f.flops(); got != want {
		t.Errorf("%v operations, want %v", got, want)
	}
	x := models.Forward(&nn.Context{}, m, [][]int{{1, 2, 3}}).Value
	if i, ok := x.Finite(); !ok {
		t.Errorf("logit %d is %v", i, x.Data()[i])
	}
}
