package format

import "testing"

func TestSetValue(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		found            bool
	}{
		{"in the middle", "{\n  \"z\": 1e-05, \"dtype\" : \"float32\",\n\t\"a\": [1,  2]\n}\n", "{\n  \"z\": 1e-05, \"dtype\" : \"float16\",\n\t\"a\": [1,  2]\n}\n", true},
		{"of another type", `{"dtype":null}`, `{"dtype":"float16"}`, true},
		{"twice", `{"dtype": "a", "dtype": "b"}`, `{"dtype": "a", "dtype": "float16"}`, true},
		{"inside only", `{"text_config": {"dtype": "a"}}`, `{"text_config": {"dtype": "a"},"dtype": "float16"}`, false},
		{"missing", "{\n  \"z\": 1,\n  \"a\": \"<&>\"\n}\n", "{\n  \"z\": 1,\n  \"a\": \"<&>\",\n  \"dtype\": \"float16\"\n}\n", false},
		{"missing, on one line", `{"z":1}`, `{"z":1,"dtype":"float16"}`, false},
		{"empty", "{ }", "{\"dtype\": \"float16\" }", false},
	} {
		got, found, err := SetValue([]byte(c.text), "dtype", "float16")
		if err != nil || string(got) != c.want || found != c.found {
			t.Errorf("%s: got %s, %v, error %v\nwant %s, %v", c.name, got, found, err, c.want, c.found)
		}
	}
	for _, text := range []string{"", "null", "[1]", `{"a":`, `{"a" 1}`} {
		if got, _, err := SetValue([]byte(text), "dtype", 1); err == nil {
			t.Errorf("%s: got %s, want an error", text, got)
		}
	}
}
