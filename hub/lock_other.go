//go:build !unix && !windows

package hub

import "os"

// tryLock has no lock between processes to take on this system.
func tryLock(*os.File) (bool, error) { return true, nil }
