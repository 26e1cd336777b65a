package output

import (
	"testing"
)

// TestSetDType: the type's name is changed where it stands, and the rest of the text stays.
func TestSetDType(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{\n \"z\": 1,\n \"torch_dtype\": \"float32\",\n \"a\": 1e-05\n}", "{\n \"z\": 1,\n \"torch_dtype\": \"float16\",\n \"a\": 1e-05\n}"},
		{`{"z": 1, "dtype": "float32", "a": 1}`, `{"z": 1, "dtype": "float16", "a": 1}`},
		{`{"torch_dtype": "float32", "dtype": "float32"}`, `{"torch_dtype": "float16", "dtype": "float16"}`},
		{`{"z": 1, "a": 1}`, `{"z": 1, "a": 1,"torch_dtype": "float16"}`},
	} {
		if got, err := setDType([]byte(c.text), "float16"); err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, error %v, want %s", c.text, got, err, c.want)
		}
	}
}
