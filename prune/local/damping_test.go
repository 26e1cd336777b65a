package local

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestDamp(t *testing.T) {
	indefinite := &linalg.NotPositiveDefiniteError{Pivot: 2, Value: -1}
	for _, c := range []struct {
		start    float64
		failures int
		want     []float64
		err      string
	}{
		{0.1, 0, []float64{0.1}, ""},
		{0.1, 2, []float64{0.1, 1, 10}, ""},
		{0, 1, []float64{0, 1e-7}, ""},
		{1, 100, []float64{1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}, "raised 8 times"},
	} {
		var tried []float64
		var log bytes.Buffer
		p := &Problem{Name: "w", Log: slog.New(slog.NewTextHandler(&log, nil))}
		used, err := p.Damp(context.Background(), "test", c.start, func(d float64) error {
			tried = append(tried, d)
			if len(tried) <= c.failures {
				return indefinite
			}
			return nil
		})
		if !slices.EqualFunc(tried, c.want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*b }) {
			t.Errorf("start %g, %d failures: tried %v, want %v", c.start, c.failures, tried, c.want)
		}
		switch {
		case c.err == "" && (err != nil || used != tried[len(tried)-1]):
			t.Errorf("start %g: used %g, error %v", c.start, used, err)
		case c.err != "" && (!errors.Is(err, indefinite) || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "test w")):
			t.Errorf("start %g: error %v, want %q", c.start, err, c.err)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != len(c.want)-1 {
			t.Errorf("start %g: %d warnings, want %d:\n%s", c.start, n, len(c.want)-1, &log)
		}
	}
	// Nothing but indefiniteness is cured by damping.
	boom, calls := errors.New("boom"), 0
	_, err := (&Problem{}).Damp(context.Background(), "test", 1, func(float64) error { calls++; return boom })
	if !errors.Is(err, boom) || calls != 1 {
		t.Errorf("%d calls, error %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Problem{}).Damp(ctx, "test", 1, func(float64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestCheckFinite(t *testing.T) {
	p := problem(sparsity.Unstructured(0.5))
	if err := p.CheckFinite("test", p.W); err != nil {
		t.Error(err)
	}
	p.W.Set(2, 3, math.NaN())
	if err := p.CheckFinite("test", p.W); err == nil || !strings.Contains(err.Error(), "test w: weight [2 3] became NaN") {
		t.Errorf("error %v", err)
	}
}
