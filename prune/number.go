package prune

import (
	"encoding/json"
	"math"
)

// Number is a measured value, such as a perplexity or an error. One that is infinite or NaN has no form in JSON
// and must not keep a report from being written: it becomes null. Null is read as +Inf, which is what
// a perplexity beyond the largest float64 is.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if n-n != 0 {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.Inf(1))
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}
