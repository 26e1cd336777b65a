package autograd

// Max returns the largest element of every row of x [n, c], as [n, 1], and the column that it stands in, which
// is the first of equal ones: the arguments of the maxima.
//
//	y[i] = maxⱼ x[i,j]    dx[i,index[i]] = dy[i], 0 elsewhere
func Max(x *Var) (values *Var, index []int) { return topK("Max", x, 1) }
