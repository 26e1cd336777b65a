package nn_test

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

func TestRoPEInvFreq(t *testing.T) {
	llama3 := nn.RoPEScaling{Type: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4, OriginalPositions: 64}
	tests := []struct {
		name  string
		dim   int
		theta float64
		s     nn.RoPEScaling
		want  []float64
	}{
		{"default", 8, 10000, nn.RoPEScaling{}, []float64{1, 0.1, 0.01, 0.001}},
		{"default by name", 4, 10000, nn.RoPEScaling{Type: "default"}, []float64{1, 0.01}},
		{"linear", 4, 10000, nn.RoPEScaling{Type: "linear", Factor: 4}, []float64{0.25, 0.0025}},
		// Wavelengths 2π, 62.8, 628: above 64/1 is stretched, below 64/4 kept, 62.8 blended with
		// share (64/62.8-1)/3.
		{"llama3 bands", 6, 1000, llama3, []float64{
			1,
			0.1 * ((1-(6.4/(2*math.Pi)-1)/3)/8 + (6.4/(2*math.Pi)-1)/3),
			0.01 / 8,
		}},
		{"dynamic", 4, 10000, nn.RoPEScaling{Type: "dynamic", Factor: 2, OriginalPositions: 64}, []float64{1, 0.01}},
		// One rotation in 200 positions is that of pair 4·ln(200/2π)/(2·ln 100) = 1.5: the band goes from 0 to 2.
		{"yarn", 4, 100, nn.RoPEScaling{Type: "yarn", Factor: 4, OriginalPositions: 200, BetaFast: 32, BetaSlow: 1}, []float64{1, 0.1 * (0.5 + 0.5/4)}},
		{"longrope, short", 4, 100, nn.RoPEScaling{Type: "longrope", OriginalPositions: 8, ShortFactor: []float64{1, 2}, LongFactor: []float64{3, 4}}, []float64{1, 0.05}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := nn.NewRoPE(tt.dim, tt.theta, tt.s)
			if err != nil {
				t.Fatal(err)
			}
			for j, want := range tt.want {
				// Three float32 roundings.
				if got := float64(r.InvFreq[j]); math.Abs(got-want) > 3e-7*want {
					t.Errorf("InvFreq[%d]: got %v, want %v", j, got, want)
				}
			}
		})
	}
}

func TestRoPEErrors(t *testing.T) {
	tests := []struct {
		name  string
		dim   int
		theta float64
		s     nn.RoPEScaling
		want  string
	}{
		{"odd dimension", 7, 10000, nn.RoPEScaling{}, "7"},
		{"no dimension", 0, 10000, nn.RoPEScaling{}, "0"},
		{"theta zero", 8, 0, nn.RoPEScaling{}, "theta 0"},
		{"theta NaN", 8, math.NaN(), nn.RoPEScaling{}, "theta NaN"},
		{"theta Inf", 8, math.Inf(1), nn.RoPEScaling{}, "theta +Inf"},
		{"unknown type", 8, 1, nn.RoPEScaling{Type: "bent"}, `"bent"`},
		{"dynamic without a context", 8, 1, nn.RoPEScaling{Type: "dynamic", Factor: 2}, "original_max_position_embeddings 0"},
		{"yarn without a band", 8, 1, nn.RoPEScaling{Type: "yarn", Factor: 2, OriginalPositions: 8}, "beta_slow 0"},
		{"attention factor", 8, 1, nn.RoPEScaling{Type: "linear", Factor: 2, AttentionFactor: -1}, "attention_factor -1"},
		{"longrope, not as many", 4, 1, nn.RoPEScaling{Type: "longrope", OriginalPositions: 8, LongFactor: []float64{1, 1}}, "0 values of short_factor"},
		{"longrope, zero", 2, 1, nn.RoPEScaling{Type: "longrope", OriginalPositions: 8, LongFactor: []float64{1}, ShortFactor: []float64{0}}, "is 0"},
		{"longrope, other width", 8, 1, nn.RoPEScaling{Type: "longrope", OriginalPositions: 8, LongFactor: []float64{1}, ShortFactor: []float64{1}}, "4 pairs"},
		{"linear without factor", 8, 1, nn.RoPEScaling{Type: "linear"}, "factor 0"},
		{"linear negative", 8, 1, nn.RoPEScaling{Type: "linear", Factor: -2}, "factor -2"},
		{"llama3 empty band", 8, 1, nn.RoPEScaling{Type: "llama3", Factor: 8, LowFreq: 4, HighFreq: 4, OriginalPositions: 8}, "low_freq_factor 4"},
		{"llama3 no context", 8, 1, nn.RoPEScaling{Type: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4}, "original_max_position_embeddings 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := nn.NewRoPE(tt.dim, tt.theta, tt.s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestRoPETables(t *testing.T) {
	r, err := nn.NewRoPE(8, 10000, nn.RoPEScaling{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 { // several evaluations may share one model
		wg.Go(func() {
			n := 100 * (i + 1)
			cos, sin := r.Tables(n)
			if cos.Dim(0) < n || sin.Dim(0) < n {
				t.Errorf("Tables(%d): got %v and %v", n, cos.Shape(), sin.Shape())
			}
		})
	}
	wg.Wait()
	cos, sin := r.Tables(300)
	for _, p := range []int{0, 1, 7, 299} {
		for j, f := range []float64{1, 0.1, 0.01, 0.001} {
			angle := float64(p) * f
			// A frequency error of 6e-8 grows with the position.
			tol := 1e-7 * (1 + angle)
			if d := math.Abs(float64(cos.At(p, j)) - math.Cos(angle)); d > tol {
				t.Errorf("cos[%d][%d]: got %v, want %v", p, j, cos.At(p, j), math.Cos(angle))
			}
			if d := math.Abs(float64(sin.At(p, j)) - math.Sin(angle)); d > tol {
				t.Errorf("sin[%d][%d]: got %v, want %v", p, j, sin.At(p, j), math.Sin(angle))
			}
		}
	}
}

// Of scalings that depend on the length of a run, all positions have the tables of the whole.
func TestRoPELength(t *testing.T) {
	long := nn.RoPEScaling{Type: "longrope", OriginalPositions: 8, ShortFactor: []float64{1, 2}, LongFactor: []float64{3, 4}, AttentionFactor: 1.5}
	for _, tt := range []struct {
		s           nn.RoPEScaling
		short, long float64 // angles of the second pair at position 1
		factor      float64
	}{
		{long, 0.05, 0.025, 1.5},
		// θ·(2·16/8 − 1)^(4/2) = 900.
		{nn.RoPEScaling{Type: "dynamic", Factor: 2, OriginalPositions: 8}, 0.1, 1.0 / 30, 1},
	} {
		r, err := nn.NewRoPE(4, 100, tt.s)
		if err != nil {
			t.Fatal(err)
		}
		for length, want := range map[int]float64{3: tt.short, 8: tt.short, 16: tt.long} {
			cos, sin := r.Tables(length)
			if got := math.Atan2(float64(sin.At(1, 1)), float64(cos.At(1, 1))); math.Abs(got-want) > 1e-6*want {
				t.Errorf("%s, length %d: angle %v, want %v", tt.s.Type, length, got, want)
			}
			if got := math.Hypot(float64(sin.At(1, 1)), float64(cos.At(1, 1))); math.Abs(got-tt.factor) > 1e-6 {
				t.Errorf("%s, length %d: factor %v, want %v", tt.s.Type, length, got, tt.factor)
			}
		}
		// Sequences of different runs in one pass have each its own.
		x := random(newRNG(3), 1, 4, 8)
		both := r.Forward(autograd.Const(x), 2, nn.Run{SeqLen: 2, Starts: []int{1, 2}, Lengths: []int{3, 16}}).Value
		for i, length := range []int{3, 16} {
			one := r.Forward(autograd.Const(x.Rows(2*i, 2*i+2)), 2, nn.Run{SeqLen: 2, Starts: []int{i + 1}, Lengths: []int{length}}).Value
			checkClose(t, tt.s.Type, both.Rows(2*i, 2*i+2), one, 0)
		}
	}
}
