package golden

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

// Picture fails the test when b is not XML from end to end, or holds a number that is none.
func Picture(t testing.TB, b []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	for _, bad := range []string{"NaN", "Inf", "%!"} {
		if bytes.Contains(b, []byte(bad)) {
			t.Fatalf("picture holds %q: %s", bad, b)
		}
	}
}
