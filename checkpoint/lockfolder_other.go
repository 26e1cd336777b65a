//go:build !unix

package checkpoint

import "os"

// LockFolder makes sure that the folder is there. Locks are known on Unix only.
func LockFolder(dir string) (release func(), err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	return func() {}, nil
}
