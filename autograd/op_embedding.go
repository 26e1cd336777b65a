package autograd

// Embedding looks up the rows of table [v, d] with the given ids, each from 0
// to v-1. The result is [len(ids), d]. It is [GatherRows] by another name.
//
//	y[i] = table[ids[i]]    dtable[t] = Σ over ids[i] = t of dy[i]
func Embedding(table *Var, ids []int) *Var { return gatherRows("Embedding", table, ids) }
