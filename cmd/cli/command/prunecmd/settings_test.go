package prunecmd_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/tensor"
)

// TestTail: a group length that does not divide the width is warned about once per width, and the
// tail gets its share.
func TestTail(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out") // stories260k's down_proj has 172 columns
	r := clitest.OK(t, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "magnitude", "--pattern", "4:8", "--samples", "2", "--seqlen", "128", "--log-level", "warn", "--no-progress")
	if n := strings.Count(r.Stderr, "warning: "); n != 1 || !strings.Contains(r.Stderr, "down_proj") {
		t.Errorf("%d warnings, want one that names down_proj: %s", n, r.Stderr)
	}
	w, err := clitest.OpenCheckpoint(t, out).Read("model.layers.0.mlp.down_proj.weight")
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.Dim(0) {
		zeros := 0
		for _, v := range w.Row(i)[168:] {
			if v == 0 {
				zeros++
			}
		}
		if zeros < 2 {
			t.Fatalf("row %d: %d zeros in the tail of 4, want 2", i, zeros)
		}
	}
}

// TestSelection: --layers, --include and --exclude choose the matrices.
func TestSelection(t *testing.T) {
	for _, c := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--layers", "1:2", "--include", "mlp"}, []string{"1.mlp.gate_proj", "1.mlp.up_proj", "1.mlp.down_proj"}},
		{[]string{"--layers", "0:1", "--exclude", "mlp|[qk]_proj"}, []string{"0.self_attn.v_proj", "0.self_attn.o_proj"}},
		{[]string{"--include", "o_proj", "--exclude", `layers\.[0-3]\.`}, []string{"4.self_attn.o_proj"}},
	} {
		for _, method := range []string{"magnitude", "sparsegpt", "adagp"} {
			t.Run(strings.Join(c.flags, " ")+" "+method, func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out")
				var r prune.Report
				clitest.OKJSON(t, &r, append([]string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", method, "--samples", "2", "--seqlen", "64"}, c.flags...)...)
				var got []string
				for _, l := range r.Layers {
					for _, x := range l.Tensors {
						got = append(got, strings.TrimSuffix(strings.TrimPrefix(x.Name, "model.layers."), ".weight"))
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("pruned %v, want %v", got, c.want)
				}
				checkUntouched(t, golden.Path("models/stories260k"), out, &r)
			})
		}
	}
}

// TestDType: every weight is written in the type asked for, config.json says so, and the perplexity
// in the report is that of what is written.
func TestDType(t *testing.T) {
	text := clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 2))
	for name, d := range map[string]tensor.DType{"float16": tensor.F16, "bfloat16": tensor.BF16, "float32": tensor.F32} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			var r prune.Report
			clitest.OKJSON(t, &r, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "wanda", "--dtype", name, "--samples", "2", "--eval", text)
			ck := clitest.OpenCheckpoint(t, out)
			for _, tensorName := range ck.Names() {
				if info, _ := ck.Info(tensorName); info.DType != d {
					t.Errorf("%s is %v, want %v", tensorName, info.DType, d)
				}
			}
			config, err := os.ReadFile(filepath.Join(out, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(golden.Path("models/stories260k/config.json"))
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(string(before), `"torch_dtype": "float32"`, `"torch_dtype": "`+name+`"`, 1); string(config) != want {
				t.Errorf("config.json is\n%s\nwant\n%s", config, want)
			}
			var got evalcmd.Result
			clitest.OKJSON(t, &got, "eval", "--model", out, "--text", text)
			if got.Perplexity != r.Perplexity.After {
				t.Errorf("perplexity %v, the report says %v", got.Perplexity, r.Perplexity.After)
			}
		})
	}
}

// TestForce: an existing folder and a left-over are replaced, and only then.
func TestForce(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, dir := range []string{out, out + ".partial"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	clitest.WriteFile(t, out, "old", "x")
	clitest.WriteFile(t, out+".partial", "lock", "")
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "magnitude", "--samples", "2", "--seqlen", "32"}
	clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, "--force")
	clitest.OK(t, append(args, "--force")...)
	if _, err := os.Stat(filepath.Join(out, "old")); err == nil {
		t.Error("the old file is still there")
	}
	list, err := os.ReadDir(filepath.Dir(out))
	if err != nil || len(list) != 1 {
		t.Errorf("%v beside the output, want nothing (%v)", list, err)
	}
}

func init() {
	registry.Plain("test-first", "drops the first weights of each row", clitest.SolverFunc{Name: "test-first", Do: clitest.DropFirst})
}

// TestOwnSolver: a solver that another package registers is a method and AdaGP's solver by name.
func TestOwnSolver(t *testing.T) {
	model := golden.Path("models/stories260k")
	for _, flags := range [][]string{{"--method", "test-first"}, {"--method", "adagp", "--solver", "test-first"}} {
		out := filepath.Join(t.TempDir(), "out")
		var r prune.Report
		clitest.OKJSON(t, &r, append([]string{"prune", "--model", model, "--out", out, "--pattern", "2:4", "--samples", "2", "--seqlen", "64"}, flags...)...)
		if r.Solver != "test-first" {
			t.Errorf("%v: solver %q in the report, want test-first", flags, r.Solver)
		}
		w, err := clitest.OpenCheckpoint(t, out).Read("model.layers.0.self_attn.q_proj.weight")
		if err != nil {
			t.Fatal(err)
		}
		if row := w.Row(3); row[0] != 0 || row[1] != 0 || row[2] == 0 || row[4] != 0 {
			t.Errorf("%v: row begins %v, want zeros where the solver put them", flags, row[:8])
		}
	}
	if r := clitest.OK(t, "methods"); !strings.Contains(r.Stdout, "drops the first weights") {
		t.Errorf("methods does not list it:\n%s", r.Stdout)
	}
}
