package prunecmd

import "testing"

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "800MiB": 800 << 20, "4GiB": 4 << 30, "1.5 GiB": 3 << 29, "2k": 2048, "3MB": 3e6, "1TiB": 1 << 40, "7b": 7} {
		if n, err := parseSize(s); err != nil || n != want {
			t.Errorf("%q is %d, error %v; want %d", s, n, err, want)
		}
	}
	for _, s := range []string{"", "GiB", "-1GiB", "0", "1XiB", "1GiBB", "1e30TiB", "NaN", "Inf", "0x10"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("%q is %d, want an error", s, n)
		}
	}
}
