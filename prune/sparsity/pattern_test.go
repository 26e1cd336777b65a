package sparsity

import (
	"encoding/json"
	"math"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Pattern
	}{
		{"2:4", Pattern{0.5, 2, 4}},
		{"1:2", Pattern{0.5, 1, 2}},
		{"4:8", Pattern{0.5, 4, 8}},
		{"3:4", Pattern{0.75, 3, 4}},
		{"0.7", Pattern{Sparsity: 0.7}},
		{"0", Pattern{}},
		{"0.999", Pattern{Sparsity: 0.999}},
	} {
		got, err := ParsePattern(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParsePattern(%q) = %v, %v, want %v", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", ":", "x", "0:4", "4:4", "5:4", "2:0", "0:0", "-1:4", "2:-4", "2:4:8", " 2:4", "2: 4", "2:4x", "1.5:4",
		"+2:4", "2:99999999999999999999", "1:1000001", "-0.1", "1", "1.5", "NaN", "Inf", "-Inf", "1e400", "0.5x"} {
		if got, err := ParsePattern(in); err == nil {
			t.Errorf("ParsePattern(%q) = %v, want an error", in, got)
		}
	}
}

func TestPatternCheck(t *testing.T) {
	for _, p := range []Pattern{Unstructured(-0.1), Unstructured(1), Unstructured(math.NaN()), Unstructured(math.Inf(1)),
		NM(0, 4), NM(4, 4), NM(5, 4), NM(2, 0), NM(-1, 4), NM(-3, -2)} {
		if err := p.Check(); err == nil {
			t.Errorf("%+v passes Check", p)
		}
	}
}

func TestPatternCounts(t *testing.T) {
	for _, c := range []struct {
		s       float64
		k, want int
	}{{0.7, 10, 7}, {0.5, 3, 1}, {0.29, 100, 29}, {0.57, 100, 57}, {0, 100, 0}, {0.9999, 5, 4}, {1.0 / 3, 3, 1}, {0.7, 512, 358}} {
		if got := Unstructured(c.s).Count(c.k); got != c.want {
			t.Errorf("Count(%d) at sparsity %v = %d, want %d", c.k, c.s, got, c.want)
		}
	}
	for _, c := range []struct {
		p                      Pattern
		rows, cols, tail, want int
	}{{NM(2, 4), 3, 8, 0, 12}, {NM(2, 4), 3, 7, 3, 9}, {NM(2, 4), 1, 1, 1, 0}, {NM(3, 4), 2, 6, 2, 8}, {NM(4, 8), 2, 3, 3, 2}, {Unstructured(0.5), 3, 3, 0, 4}} {
		if got := c.p.Zeros(c.rows, c.cols); got != c.want {
			t.Errorf("%v: Zeros(%d, %d) = %d, want %d", c.p, c.rows, c.cols, got, c.want)
		}
		if got := c.p.Tail(c.cols); got != c.tail {
			t.Errorf("%v: Tail(%d) = %d, want %d", c.p, c.cols, got, c.tail)
		}
	}
}

func TestPatternJSON(t *testing.T) {
	for _, c := range []struct {
		p    Pattern
		want string
	}{{Unstructured(0.7), `{"sparsity":0.7}`}, {Unstructured(0), `{"sparsity":0}`}, {NM(2, 4), `{"m":4,"n":2}`}} {
		b, err := json.Marshal(c.p)
		if err != nil || string(b) != c.want {
			t.Errorf("%v: %s, %v, want %s", c.p, b, err, c.want)
		}
		var back Pattern
		if err := json.Unmarshal(b, &back); err != nil || back != c.p {
			t.Errorf("%s: read back as %v, %v", b, back, err)
		}
	}
	for _, bad := range []string{`{}`, `{"sparsity":1}`, `{"n":4,"m":4}`, `{"n":2}`, `[]`, `"2:4"`} {
		var p Pattern
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s: read as %v, want an error", bad, p)
		}
	}
}

// FuzzParsePattern: whatever is accepted is sound and survives writing and reading again.
func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"2:4", "4:8", "0.5", "", "x", "4:4", "NaN", "0x1p-2", "1:1000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePattern(s)
		if err != nil {
			return
		}
		if err := p.Check(); err != nil {
			t.Fatalf("ParsePattern(%q) = %v, which does not pass Check: %v", s, p, err)
		}
		if again, err := ParsePattern(p.String()); err != nil || again != p {
			t.Fatalf("ParsePattern(%q) = %v, written as %q and read as %v, %v", s, p, p.String(), again, err)
		}
		if z := p.Zeros(3, 10); z < 0 || z >= 30 {
			t.Fatalf("ParsePattern(%q) prunes %d of 30 weights", s, z)
		}
	})
}
