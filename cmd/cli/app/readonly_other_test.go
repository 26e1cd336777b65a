//go:build !linux

package app_test

import (
	"testing"
)

// mountReadOnly has no way to do so here.
func mountReadOnly(*testing.T, string) bool { return false }
