package nn

import (
	"fmt"
	"math"
)

// RoPEScaling stretches rotary embeddings to longer contexts than the model was first trained on.
type RoPEScaling struct {
	// Type is "default" (or empty), "linear", "dynamic", "llama3", "yarn" or "longrope".
	Type string
	// Factor is the stretch of all kinds but longrope.
	Factor float64
	// LowFreq and HighFreq bound, in rotations per original context, the band that the llama3
	// kind blends: slower pairs are stretched, faster ones kept.
	LowFreq, HighFreq float64
	// OriginalPositions is the context length before stretching (dynamic, llama3, yarn, longrope).
	OriginalPositions int
	// AttentionFactor multiplies the rotated queries and keys (yarn, longrope); 0 means 1.
	AttentionFactor float64
	// BetaFast and BetaSlow bound, in rotations per original context, the band that the yarn kind blends; its
	// ends are whole pairs unless Fractional says otherwise.
	BetaFast, BetaSlow float64
	Fractional         bool
	// ShortFactor and LongFactor stretch each pair, in runs up to OriginalPositions and in longer ones (longrope).
	ShortFactor, LongFactor []float64
}

// scalings are the known kinds, with what they check beyond the stretch.
var scalings = map[string]func(s *RoPEScaling) error{
	"linear":   func(*RoPEScaling) error { return nil },
	"dynamic":  (*RoPEScaling).checkOriginal,
	"llama3":   (*RoPEScaling).checkLlama3,
	"yarn":     (*RoPEScaling).checkYarn,
	"longrope": (*RoPEScaling).checkLongRoPE,
}

// Check reports an unknown type and values that make no sense for it.
func (s RoPEScaling) Check() error {
	if s.Type == "" || s.Type == "default" {
		return nil
	}
	check, ok := scalings[s.Type]
	if !ok {
		return fmt.Errorf("unknown scaling type %q, want default, linear, dynamic, llama3, yarn or longrope", s.Type)
	}
	if s.Type != "longrope" && (!(s.Factor > 0) || math.IsInf(s.Factor, 0)) {
		return fmt.Errorf("factor %v is not a positive number", s.Factor)
	}
	if !(s.AttentionFactor >= 0) || math.IsInf(s.AttentionFactor, 0) {
		return fmt.Errorf("attention_factor %v is not a positive number", s.AttentionFactor)
	}
	return check(&s)
}

func (s *RoPEScaling) checkOriginal() error {
	if s.OriginalPositions <= 0 {
		return fmt.Errorf("original_max_position_embeddings %d is not positive", s.OriginalPositions)
	}
	return nil
}

func (s *RoPEScaling) checkLlama3() error {
	if !(s.LowFreq > 0) || !(s.HighFreq > s.LowFreq) || math.IsInf(s.HighFreq, 0) {
		return fmt.Errorf("low_freq_factor %v to high_freq_factor %v is not a range of positive numbers", s.LowFreq, s.HighFreq)
	}
	return s.checkOriginal()
}

func (s *RoPEScaling) checkYarn() error {
	if !(s.BetaSlow > 0) || !(s.BetaFast >= s.BetaSlow) || math.IsInf(s.BetaFast, 0) {
		return fmt.Errorf("beta_slow %v to beta_fast %v is not a range of positive numbers", s.BetaSlow, s.BetaFast)
	}
	return s.checkOriginal()
}

func (s *RoPEScaling) checkLongRoPE() error {
	if len(s.ShortFactor) != len(s.LongFactor) {
		return fmt.Errorf("%d values of short_factor and %d of long_factor, want as many", len(s.ShortFactor), len(s.LongFactor))
	}
	for i := range s.LongFactor {
		for _, f := range []float64{s.ShortFactor[i], s.LongFactor[i]} {
			if !(f > 0) || math.IsInf(f, 0) {
				return fmt.Errorf("value %d of short_factor or long_factor is %v, want a positive number", i, f)
			}
		}
	}
	return s.checkOriginal()
}

// LengthMatters says that the rotation depends on how long a run is. All its positions then have the rotation of
// the whole, so keys that were cached in a shorter run are not those of a longer one.
func (s RoPEScaling) LengthMatters() bool { return s.Type == "dynamic" || s.Type == "longrope" }

// stretch numbers the kinds of runs: those of the same number have the same frequencies.
func (s RoPEScaling) stretch(length int) int {
	switch {
	case !s.LengthMatters() || length <= s.OriginalPositions:
		return 0
	case s.Type == "longrope":
		return 1
	}
	return length
}

// attentionFactor is the factor of cos and sin.
func (s RoPEScaling) attentionFactor() float32 {
	if s.AttentionFactor == 0 {
		return 1
	}
	return float32(s.AttentionFactor)
}

// frequencies returns the inverse frequencies of n pairs in a run of the given length.
func (s RoPEScaling) frequencies(n int, theta float64, length int) []float32 {
	inv := make([]float32, n)
	long := length > s.OriginalPositions
	if s.Type == "dynamic" && long && n > 1 {
		grown := s.Factor*float64(length)/float64(s.OriginalPositions) - (s.Factor - 1)
		theta *= math.Pow(grown, float64(n)/float64(n-1))
	}
	low, high := s.yarnBand(2*n, theta)
	for j := range inv {
		// Rounded to float32 after each operation, as the reference does, because a relative
		// error of 1e-7 here is multiplied by the position.
		exponent := float32(2*j) / float32(2*n)
		power := float32(math.Pow(float64(float32(theta)), float64(exponent)))
		f := 1 / power
		switch {
		case s.Type == "linear":
			f /= float32(s.Factor)
		case s.Type == "llama3":
			f = s.llama3(float64(f))
		case s.Type == "yarn":
			slow := float32(min(1, max(0, (float64(j)-low)/(high-low))))
			f = slow/(float32(s.Factor)*power) + (1-slow)*f
		case s.Type == "longrope" && long:
			f = 1 / (float32(s.LongFactor[j]) * power)
		case s.Type == "longrope":
			f = 1 / (float32(s.ShortFactor[j]) * power)
		}
		inv[j] = f
	}
	return inv
}

// llama3 divides a slow rotation by Factor, keeps a fast one and blends linearly between.
func (s RoPEScaling) llama3(f float64) float32 {
	original := float64(s.OriginalPositions)
	wavelength := 2 * math.Pi / f // positions per rotation
	switch {
	case wavelength < original/s.HighFreq:
		return float32(f)
	case wavelength > original/s.LowFreq:
		return float32(f / s.Factor)
	}
	keep := (original/wavelength - s.LowFreq) / (s.HighFreq - s.LowFreq)
	return float32((1-keep)*f/s.Factor + keep*f)
}

// yarnBand returns the pairs between which the yarn kind blends (Peng et al. 2023, section 3.2): those that make
// BetaFast and BetaSlow rotations in the original context.
func (s RoPEScaling) yarnBand(dims int, theta float64) (low, high float64) {
	if s.Type != "yarn" {
		return 0, 1
	}
	pair := func(rotations float64) float64 {
		return float64(dims) * math.Log(float64(s.OriginalPositions)/(rotations*2*math.Pi)) / (2 * math.Log(theta))
	}
	low, high = pair(s.BetaFast), pair(s.BetaSlow)
	if !s.Fractional {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(dims-1))
	if low == high {
		high += 0.001
	}
	return low, high
}

// YarnAttentionFactor is the factor of queries and keys that belongs to a stretch (Peng et al. 2023, equation 22),
// with the multiplier that some models give its logarithm, otherwise 1.
func YarnAttentionFactor(stretch, multiplier float64) float64 {
	if stretch <= 1 {
		return 1
	}
	return 0.1*multiplier*math.Log(stretch) + 1
}

// LongRoPEAttentionFactor is the same for longrope (Ding et al. 2024).
func LongRoPEAttentionFactor(stretch float64, originalPositions int) float64 {
	if stretch <= 1 {
		return 1
	}
	return math.Sqrt(1 + math.Log(stretch)/math.Log(float64(originalPositions)))
}
