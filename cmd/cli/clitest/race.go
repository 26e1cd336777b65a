//go:build race

package clitest

// RaceDetector reports whether the tests run under the race detector.
const RaceDetector = true
