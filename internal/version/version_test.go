package version

import (
	"errors"
	"runtime/debug"
	"testing"
)

func TestName(t *testing.T) {
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}
	for _, c := range []struct {
		main     string
		settings []debug.BuildSetting
		want     string
	}{
		{"v1.2.3", nil, "v1.2.3"},
		{"", nil, "(devel)"},
		{"(devel)", []debug.BuildSetting{commit}, "abc"},
		{"(devel)", []debug.BuildSetting{commit, {Key: "vcs.modified", Value: "true"}}, "abc+dirty"},
	} {
		info := &debug.BuildInfo{Settings: c.settings}
		info.Main.Version = c.main
		if got := name(info); got != c.want {
			t.Errorf("module version %q, settings %v: %q, want %q", c.main, c.settings, got, c.want)
		}
	}
}

// TestExact: names that stand for many builds are followed by a sum, the others are enough.
func TestExact(t *testing.T) {
	sum := func() (string, error) { return "5ca1ab1e", nil }
	for name, want := range map[string]string{
		"v1.2.3": "v1.2.3", "abc": "abc", "(devel)": "(devel) 5ca1ab1e", "unknown": "unknown 5ca1ab1e", "v1.2.3+dirty": "v1.2.3+dirty 5ca1ab1e",
	} {
		if got := exact(name, sum); got != want {
			t.Errorf("exact(%q) = %q, want %q", name, got, want)
		}
	}
	if got := exact("(devel)", func() (string, error) { return "", errors.New("unreadable") }); got != "(devel)" {
		t.Errorf("without a sum: %q, want the name", got)
	}
	if a := Exact(); a != exact(Name(), executableSum) {
		t.Errorf("Exact is %q, want the same at each call", a)
	}
}
