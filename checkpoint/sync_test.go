package checkpoint

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestNamesAreForced: a name that was given outlives a power cut. OUT.partial and the folders made on the
// way to it are forced to disk in the folders that hold them before the writer is handed out, and OUT is
// before the output that it replaces goes.
func TestNamesAreForced(t *testing.T) {
	root := layOutTarget(t)
	in, out := filepath.Join(root, "in"), filepath.Join(root, "x", "y", "out")
	var forced []string
	look := func() {}
	syncFolder = func(dir string) error {
		forced = append(forced, dir)
		look()
		return nil
	}
	t.Cleanup(func() { syncFolder = forceNames })
	expect := func(when string, dirs ...string) {
		t.Helper()
		for _, dir := range dirs {
			if !slices.Contains(forced, filepath.Join(root, dir)) {
				t.Errorf("%s the folder %s is not forced to disk: %v", when, dir, forced)
			}
		}
		forced = nil
	}
	for _, force := range []bool{false, true} {
		w, err := NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{Force: force})
		if err != nil {
			t.Fatal(err)
		}
		if force {
			expect("when the work begins", "x/y", "x/y/out.partial", "x/y/out.partial/model")
		} else {
			expect("when the work begins", ".", "x", "x/y", "x/y/out.partial", "x/y/out.partial/model")
		}
		if force {
			if err := os.WriteFile(filepath.Join(out, "old"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			look = func() {
				if forced[len(forced)-1] != filepath.Dir(out) {
					return
				}
				left := slices.ContainsFunc(tree(t, root), func(path string) bool { return filepath.Base(path) == "old" })
				if now := folder(t, out); now["config.json"] != "{}" || !left {
					t.Errorf("when the name is forced to disk, the output holds %v, and the old one is there: %v", now, left)
				}
			}
		}
		commit(t, w)
		expect("at the end", "x/y", "x/y/out.partial/model")
	}
}
