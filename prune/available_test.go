package prune_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestLastStepIsDecidedOnce: a run without a budget looks at the machine's memory when it begins, and one that
// continues it does what the first decided, whatever the machine has by then.
func TestLastStepIsDecidedOnce(t *testing.T) {
	const little, plenty = 1 << 20, 1 << 40
	var log bytes.Buffer
	o := prune.Options{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6), Layers: [2]int{0, 2}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	results := map[bool]map[string]string{}
	for _, runs := range []bool{true, false} {
		first, then := int64(little), int64(plenty)
		if runs {
			first, then = then, first
		}
		dir := t.TempDir()
		prune.Available(t, first)
		log.Reset()
		report, want, err := runKept(t, golden.Path(stories), filepath.Join(dir, "whole"), false, 1<<30, o)
		if err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.String(), "not enough memory for the method's last step"); warned == runs || (len(report.Finish) > 0) != runs {
			t.Errorf("%d bytes available: warned %v, notes of the last step %v", first, warned, report.Finish)
		}
		out := filepath.Join(dir, "out")
		if _, _, err := runKept(t, golden.Path(stories), out, false, 4, o); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		prune.Available(t, then)
		log.Reset()
		again, got, err := runKept(t, golden.Path(stories), out, true, 1<<30, o)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) || len(again.Finish) != len(report.Finish) {
			t.Errorf("resumed with %d bytes available: notes %v, want %v, or other tensors", then, again.Finish, report.Finish)
		}
		if again.Settings != report.Settings || strings.Contains(log.String(), "not enough memory") == runs {
			t.Errorf("resumed with %d bytes available: settings %s, want %s; log %s", then, again.Settings, report.Settings, log.String())
		}
		results[runs] = got
	}
	if maps.Equal(results[true], results[false]) {
		t.Error("the last step changes nothing")
	}
	// With a budget the machine is not asked.
	o.Memory = plenty
	if report, got, err := runKept(t, golden.Path(stories), filepath.Join(t.TempDir(), "budget"), false, 1<<30, o); err != nil || len(report.Finish) == 0 || !maps.Equal(got, results[true]) {
		t.Errorf("with a budget: error %v, or other tensors", err)
	}
}

// TestAvailableInContainers: the limits of control groups count, of both versions and of the groups above.
func TestAvailableInContainers(t *testing.T) {
	const machine = 64 << 30
	for _, c := range []struct {
		name  string
		files map[string]string // besides proc/meminfo
		want  int64
	}{
		{"no groups", nil, machine},
		{"no limit", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, machine},
		{"version 2", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "1000\n", "sys/fs/cgroup/a/memory.current": "300\n"}, 700},
		{"page cache gives way", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "1000\n", "sys/fs/cgroup/a/memory.current": "900\n",
			"sys/fs/cgroup/a/memory.stat": "anon 250\nfile 600\nworkingset_refault_file 7\nactive_file 200\ninactive_file 400\n"}, 700},
		{"the group above", map[string]string{"proc/self/cgroup": "0::/a/b/c\n", "sys/fs/cgroup/a/memory.max": "1000\n", "sys/fs/cgroup/a/memory.current": "900\n",
			"sys/fs/cgroup/a/b/c/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.max": "5000\n"}, 100},
		{"a container that sees itself on top", map[string]string{"proc/self/cgroup": "0::/docker/abc\n", "sys/fs/cgroup/memory.max": "2000\n"}, 2000},
		{"a path outside", map[string]string{"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "2000\n"}, 2000},
		{"used up", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2000\n", "sys/fs/cgroup/memory.current": "3000\n"}, 0},
		{"version 1", map[string]string{"proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/job/1\n0::/\n", "sys/fs/cgroup/memory/job/1/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory/job/memory.limit_in_bytes": "4000\n", "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "3000\n",
			"sys/fs/cgroup/memory/job/memory.stat": "inactive_file 1\ntotal_active_file 500\ntotal_inactive_file 200\n"}, 1700},
		{"larger than the machine", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "99999999999999\n"}, machine},
		{"nonsense", map[string]string{"proc/self/cgroup": "what\n1:memory\n0::/a\n", "sys/fs/cgroup/a/memory.max": "-5\n"}, machine},
	} {
		root := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal: 1 kB\nMemAvailable:   67108864 kB\n")}}
		for name, text := range c.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got, ok := prune.AvailableIn(root); !ok || got != c.want {
			t.Errorf("%s: %d, %t; want %d", c.name, got, ok, c.want)
		}
	}
	if _, ok := prune.AvailableIn(fstest.MapFS{}); ok {
		t.Error("a system that does not say: want unknown")
	}
}
