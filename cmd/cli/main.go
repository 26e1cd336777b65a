// Command cli prunes large language models and measures what is left: see docs/contract.md.
package main

import (
	"os"

	"github.com/adagp/adagp/cmd/cli/app"
)

func main() { os.Exit(app.Main()) }
