//go:build unix

package checkpoint

import (
	"os"
	"path/filepath"
	"syscall"
)

// isMountPoint reports whether the folder is the root of another file system than its parent. Such
// a folder can be neither renamed nor replaced.
func isMountPoint(dir string) bool {
	device := func(path string) (uint64, bool) {
		info, err := os.Stat(path)
		if err != nil {
			return 0, false
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, false
		}
		return uint64(s.Dev), true // the type of Dev differs between systems
	}
	own, ok1 := device(dir)
	above, ok2 := device(filepath.Dir(dir))
	return ok1 && ok2 && own != above
}
