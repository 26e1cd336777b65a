package sweep

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format":1,"settings":{"evaluation":[{"file":"a"}]},"dense":[2.5],"runs":[{"method":"wanda","pattern":{"n":2,"m":4},"perplexity":[3]}]}`))
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parse(b)
		if err != nil {
			return
		}
		axes := Axes{Methods: []string{"wanda"}}
		if out, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		} else if _, err := parse(out); err != nil {
			t.Fatalf("what was read is not read again: %v in %s", err, out)
		}
		WriteTables(&bytes.Buffer{}, r, axes)
		all, err := files(r, axes, "test")
		if err != nil {
			t.Fatal(err)
		}
		if svg := all["sweep.svg"]; svg != nil {
			wellFormedXML(t, svg)
		}
	})
}

// wellFormedXML fails the test when b is not XML from end to end, or holds a number that is none.
func wellFormedXML(t *testing.T, b []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	if bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf")) {
		t.Fatalf("a number is none: %s", b)
	}
}
