// Package all registers every pruning method of the project; import it for its side effect.
package all

import (
	_ "github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/admm"
	_ "github.com/adagp/adagp/prune/alps"
	_ "github.com/adagp/adagp/prune/dsnot"
	_ "github.com/adagp/adagp/prune/global"
	_ "github.com/adagp/adagp/prune/magnitude"
	_ "github.com/adagp/adagp/prune/refit"
	_ "github.com/adagp/adagp/prune/ria"
	_ "github.com/adagp/adagp/prune/sparsegpt"
	_ "github.com/adagp/adagp/prune/wanda"
)
