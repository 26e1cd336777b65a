package prune

import "testing"

// KeepBytes lets a test decide what Dense.Backward may keep, until it ends.
func KeepBytes(t testing.TB, n int) {
	before := keptBytes
	keptBytes = n
	t.Cleanup(func() { keptBytes = before })
}
