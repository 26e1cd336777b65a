package command

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/session"
)

// TestSynonym: a switch that stands for another flag with a value is that flag, contradictions are refused, and
// former names are understood but not shown.
func TestSynonym(t *testing.T) {
	layout, redo := "", false
	var out bytes.Buffer
	p := &session.Process{Stdout: &out, Stderr: io.Discard}
	c := New(p, Command{
		Name: "c", Summary: "does it", Without: []string{"seed"},
		Flags: []flags.Flag{
			{Name: "layout", Argument: "NAME", Usage: "layout", Default: "auto"},
			{Name: "unpack", Usage: "the same as --layout dense", Kind: flags.Switch, Means: "layout=dense"},
			{Name: "redo", Usage: "again", Kind: flags.Switch},
			{Name: "force", Usage: "former name", Kind: flags.Switch, Means: "redo=true", Hidden: true},
		},
		Run: func(_ *session.Session, c *cli.Context) error {
			layout, redo = c.String("layout"), c.Bool("redo")
			return nil
		},
	})
	program := &cli.App{Name: "p", Writer: &out, ErrWriter: io.Discard, Commands: []*cli.Command{c}, ExitErrHandler: func(*cli.Context, error) {}}
	for _, x := range []struct {
		args   string
		layout string
		redo   bool
		fails  string
	}{
		{"", "auto", false, ""},
		{"--unpack", "dense", false, ""},
		{"--unpack --layout dense", "dense", false, ""},
		{"--unpack --layout bitmask", "", false, "--unpack and --layout bitmask exclude each other"},
		{"--force", "auto", true, ""},
		{"--force --redo --seed 3", "auto", true, ""},
		{"--force --redo=false", "auto", false, "--force and --redo false exclude each other"},
	} {
		err := program.RunContext(context.Background(), append([]string{"p", "c"}, strings.Fields(x.args)...))
		if x.fails != "" {
			if err == nil || !strings.Contains(err.Error(), x.fails) {
				t.Errorf("%q: %v, want %q", x.args, err, x.fails)
			}
			continue
		}
		if err != nil || layout != x.layout || redo != x.redo {
			t.Errorf("%q: layout %q, redo %v, error %v; want %q, %v", x.args, layout, redo, err, x.layout, x.redo)
		}
	}
	out.Reset()
	if err := program.RunContext(context.Background(), []string{"p", "c", "--help"}); err != nil {
		t.Fatal(err)
	}
	if help := out.String(); !strings.Contains(help, "--layout NAME        layout (default: \"auto\")") || strings.Contains(help, "--force") || strings.Contains(help, "--seed") {
		t.Errorf("the help shows what is hidden, or not what is there:\n%s", help)
	}
}
