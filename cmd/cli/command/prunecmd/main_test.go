package prunecmd_test

import (
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m) }
