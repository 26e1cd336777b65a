package prune

import (
	"io/fs"
	"testing"
)

// LimitBackward lets a test decide what Dense.Backward may keep and how many logits it makes at a time,
// until the test ends.
func LimitBackward(t testing.TB, bytes, logits int) {
	b, l := keptBytes, headLogits
	keptBytes, headLogits = bytes, logits
	t.Cleanup(func() { keptBytes, headLogits = b, l })
}

// Available makes a number of bytes what the machine has to spare, until the test ends.
func Available(t testing.TB, bytes int64) {
	before := availableMemory
	availableMemory = func() (int64, bool) { return bytes, true }
	t.Cleanup(func() { availableMemory = before })
}

// AvailableIn is what the files of a Linux system below root say could be had, in bytes.
func AvailableIn(root fs.FS) (int64, bool) { return availableIn(root) }

// TellReadingFrom makes so many bytes of weights a long time to read, until the test ends.
func TellReadingFrom(t testing.TB, bytes int64) {
	before := longRead
	longRead = bytes
	t.Cleanup(func() { longRead = before })
}
