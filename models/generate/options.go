package generate

import (
	"errors"
	"fmt"
	"math"
)

// Options says how texts are continued. The zero value takes the likeliest token each time, until the
// model's context is full.
type Options struct {
	// MaxTokens ends a text after so many tokens; 0 leaves it to the context.
	MaxTokens int
	// Temperature divides the logits before tokens are drawn; 0 takes the likeliest token.
	Temperature float64
	// TopK draws from the likeliest K tokens only; 0 means all.
	TopK int
	// TopP draws from the smallest set of likeliest tokens that have this probability together
	// (Holtzman et al. 2020); 0 means all, as does 1.
	TopP float64
	// MinP draws from tokens with at least this share of the probability of the likeliest one (Nguyen
	// et al. 2024).
	MinP float64
	// RepetitionPenalty divides positive logits of tokens that occurred, in the prompt or since, and
	// multiplies negative ones (Keskar et al. 2019); 0 means none, as does 1.
	RepetitionPenalty float64
	// Seed of the draws. Prompt i has a stream of its own.
	Seed uint64
	// Stop ends a text at the first of these strings, which is not part of it.
	Stop []string
	// EOS are the ids of the tokens by which the model ends a text; see ReadEOS.
	EOS []int
	// Batch is the number of prompts decoded side by side; 0 means 8.
	Batch int
	// Text is shown each piece of the continuation of prompt i as soon as it is certain: whole
	// characters, and nothing that may turn out to be the start of a Stop string. May be nil.
	Text func(i int, piece string)
	// Done is shown the result of prompt i as soon as it is complete. May be nil.
	Done func(i int, r Result)
}

// Check reports the first value that makes no sense, by the name that the command line has for it.
func (o *Options) Check() error {
	for _, c := range []struct {
		name   string
		value  float64
		lo, hi float64
	}{
		{"temperature", o.Temperature, 0, math.MaxFloat32},
		{"top-p", o.TopP, 0, 1},
		{"min-p", o.MinP, 0, 1},
		{"repetition-penalty", o.RepetitionPenalty, 0, math.MaxFloat32},
		{"top-k", float64(o.TopK), 0, math.MaxInt32},
		{"max-tokens", float64(o.MaxTokens), 0, math.MaxInt32},
		{"batch", float64(o.Batch), 0, math.MaxInt32},
	} {
		if !(c.value >= c.lo && c.value <= c.hi) {
			return fmt.Errorf("%s %v: want %v to %.3g", c.name, c.value, c.lo, c.hi)
		}
	}
	for _, s := range o.Stop {
		if s == "" {
			return errors.New(`stop "": want a string to end before`)
		}
	}
	return nil
}

const defaultBatch = 8

func (o *Options) batch() int {
	if o.Batch > 0 {
		return o.Batch
	}
	return defaultBatch
}
