package autograd

import (
	"math"

	"github.com/adagp/adagp/tensor"
)

// KLDiv returns the mean over rows of the Kullback-Leibler divergence [1] of
// the student's distribution from the teacher's, in nats. Both are logits
// [n, v]; p and q are their softmax. The teacher takes no gradient.
//
//	y = mean over rows of Σⱼ p[j]·(log p[j] - log q[j])    dstudent = dy·(q-p)/n
func KLDiv(teacher *tensor.Tensor, student *Var) *Var {
	n, v := matrix("KLDiv", student.Value)
	wantSameShape("KLDiv, teacher", teacher, student.Value)
	rows := make([]float64, n)
	lseP, lseQ := make([]float64, n), make([]float64, n)
	forRows(n, v, func(i int) {
		t, s := teacher.Row(i), student.Value.Row(i)
		lseP[i], lseQ[i] = logSumExp(t), logSumExp(s)
		for j, x := range t {
			logP, logQ := float64(x)-lseP[i], float64(s[j])-lseQ[i]
			if p := math.Exp(logP); p > 0 { // 0·log 0 counts as 0
				rows[i] += p * (logP - logQ)
			}
		}
	})
	var total float64
	for _, r := range rows {
		total += r
	}
	scale := 1 / float64(max(n, 1))
	return record("KLDiv", scalar(total*scale), func(dy *tensor.Tensor) []*tensor.Tensor {
		g := float64(dy.Data()[0]) * scale
		dx := tensor.New(n, v)
		forRows(n, v, func(i int) {
			t, s, row := teacher.Row(i), student.Value.Row(i), dx.Row(i)
			for j := range row {
				row[j] = float32(g * (math.Exp(float64(s[j])-lseQ[i]) - math.Exp(float64(t[j])-lseP[i])))
			}
		})
		return grads(dx)
	}, student)
}
