package prune

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// availableMemory is what could be had without swapping, in bytes: of the machine, and of the container
// that the process runs in. It is known on Linux only. Tests change it.
var availableMemory = func() (int64, bool) { return availableIn(os.DirFS("/")) }

// availableIn reads the files of a Linux system below root.
func availableIn(root fs.FS) (int64, bool) {
	kib, ok := field(root, "proc/meminfo", "MemAvailable:")
	if !ok {
		return 0, false
	}
	has := kib << 10
	for _, g := range controlGroups(root) {
		if free, limited := g.free(root); limited {
			has = min(has, free)
		}
	}
	return has, true
}

// controlGroup is a folder of the control groups file system that counts and limits memory, with the names
// of its files in one of the two versions.
type controlGroup struct {
	folder           string
	limit, usage     string
	inactive, active string // of the page cache, in memory.stat
}

// controlGroups lists the groups that the process is in, each with those above it. A container may see its
// own group as the topmost folder whatever the path says, so folders that are not there are left to free.
func controlGroups(root fs.FS) (groups []controlGroup) {
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		g := controlGroup{"", "memory.max", "memory.current", "inactive_file", "active_file"}
		top := "sys/fs/cgroup"
		if parts[0] != "0" || parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), "memory") {
				continue
			}
			g = controlGroup{"", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"}
			top = "sys/fs/cgroup/memory"
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			g.folder = path.Join(top, at)
			groups = append(groups, g)
			if at == "/" {
				break
			}
		}
	}
	return groups
}

// free is what the group may still take, counting files in its page cache as free: they give way. false:
// it has no limit.
func (g controlGroup) free(root fs.FS) (int64, bool) {
	limit, ok := field(root, path.Join(g.folder, g.limit), "")
	if !ok { // also "max"
		return 0, false
	}
	used, _ := field(root, path.Join(g.folder, g.usage), "")
	stat := path.Join(g.folder, "memory.stat")
	inactive, _ := field(root, stat, g.inactive+" ")
	active, _ := field(root, stat, g.active+" ")
	return max(0, limit-max(0, used-inactive-active)), true
}

// field reads the number behind a label at the start of a line; the label "" stands for the first line.
func field(root fs.FS, name, label string) (int64, bool) {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, label); ok {
			var n int64
			_, err := fmt.Sscan(rest, &n)
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

// fitsFinish decides, for a run without a budget that is just beginning, whether the machine has memory
// for the method's last step. Methods that do not say what they need get what they want.
func (r *run) fitsFinish() bool {
	if r.finisher == nil || r.options.Memory > 0 {
		return true
	}
	for _, s := range r.plan.Stages {
		if has, known := availableMemory(); s.Name == finishStage && known && s.Bytes > has {
			r.leftOut("not enough memory for the method's last step on the whole model, it is left out", "available", mebibytes(has), "wanted", mebibytes(s.Bytes))
			return false
		}
	}
	return true
}

// dropFinish goes on without the method's last step.
func (r *run) dropFinish() {
	windows, same := r.plan.Windows, r.plan.SameBits
	r.finisher = nil
	r.plan = r.planFor(r.batches, r.plan.Scratch.Where == "file", false)
	r.plan.Windows, r.plan.SameBits = windows, same
}
