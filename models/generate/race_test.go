//go:build race

package generate

const raceEnabled = true // the race detector allocates on its own account
