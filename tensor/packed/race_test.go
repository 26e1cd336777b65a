//go:build race

package packed_test

const raceEnabled = true // the race detector allocates on its own account
