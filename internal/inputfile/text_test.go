package inputfile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
)

func TestMark(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeffa\ufeff": "a\ufeff", "\ufeff": "", "": "", "a": "a", "\xef\xbb": "\xef\xbb", "\xef\xbb\xbe": "\xef\xbb\xbe", "\ufeff\ufeff": "\ufeff",
	} {
		if b, err := io.ReadAll(SkipMark(iotest.OneByteReader(strings.NewReader(text)))); err != nil || string(b) != want {
			t.Errorf("%q: read %q, %v, want %q", text, b, err, want)
		}
		if b, err := Read(fstest.MapFS{"f": {Data: []byte(text)}}, "f", 10); err != nil || string(b) != want {
			t.Errorf("%q: the file is %q, %v, want %q", text, b, err, want)
		}
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(SkipMark(iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestParseJSON(t *testing.T) {
	type form struct {
		Text  string
		IDs   []int
		Share float64
		On    bool
		Inner struct{ Text *string }
	}
	for text, want := range map[string]string{
		`{"text": "a", "ids": [1], "share": 1, "on": true, "inner": {"text": "b"}, "other": 1}`: "",
		`{"text": `:              "malformed JSON at byte 9: unexpected end of JSON input",
		``:                       "malformed JSON at byte 1: unexpected end of JSON input",
		`{"text": x}`:            "malformed JSON at byte 10: invalid character 'x' looking for beginning of value",
		`["a"]`:                  "want an object, got a list at byte 1",
		`"a"`:                    "want an object, got a string at byte 3",
		`{"text": 5}`:            "Text: want a string, got a number at byte 10",
		`{"text": ["a"]}`:        "Text: want a string, got a list at byte 10",
		`{"ids": 5}`:             "IDs: want a list, got a number at byte 9",
		`{"ids": [1, 2.5]}`:      "IDs: want a whole number, got 2.5 at byte 15",
		`{"ids": [1, "2"]}`:      "IDs: want a whole number, got a string at byte 15",
		`{"ids": [[1]]}`:         "IDs: want a whole number, got a list at byte 10",
		`{"share": {}}`:          "Share: want a number, got an object at byte 11",
		`{"on": 1}`:              "On: want true or false, got a number at byte 8",
		`{"share": false}`:       "Share: want a number, got true or false at byte 15",
		`{"inner": {"text": 1}}`: "Inner.Text: want a string, got a number at byte 20",
	} {
		err := ParseJSON([]byte(text), &form{})
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}
