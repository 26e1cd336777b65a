package jinja

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// TestRecorded compares with what the transformers library made of the same templates (testdata/record.py).
func TestRecorded(t *testing.T) {
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var c struct {
			Name, Source, Error string
			Data                json.RawMessage
			Want                *string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		got, err := render(c.Source, c.Data)
		switch {
		case c.Want == nil && err == nil:
			t.Errorf("%s: rendered as %q, want an error as %s", c.Name, got, c.Error)
		case c.Want != nil && err != nil:
			t.Errorf("%s: %v, want %q", c.Name, err, *c.Want)
		case c.Want != nil && got != *c.Want:
			t.Errorf("%s: %q, want %q", c.Name, got, *c.Want)
		}
	}
	if lines.Err() != nil || n < 400 {
		t.Errorf("%d cases, %v", n, lines.Err())
	}
}

func render(source string, data []byte) (string, error) {
	t, err := Parse(source)
	if err != nil {
		return "", err
	}
	v, err := FromJSON(data)
	if err != nil {
		return "", err
	}
	return t.Render(v.(*Dict), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
}
