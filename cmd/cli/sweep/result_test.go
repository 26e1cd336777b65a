package sweep

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/adagp/adagp/internal/golden"
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
			golden.Picture(t, svg)
		}
	})
}
