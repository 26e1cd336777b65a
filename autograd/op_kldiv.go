package autograd

import (
	"math"

	"github.com/adagp/adagp/asm"
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
	forRowsWith(n, v, func(i int, scratch []float32) {
		rows[i] = klRow(teacher.Row(i), student.Value.Row(i), scratch)
	})
	var total float64
	for _, r := range rows {
		total += r
	}
	scale := 1 / float64(max(n, 1))
	return record("KLDiv", scalar(total*scale), func(dy *tensor.Tensor) []*tensor.Tensor {
		g := float32(float64(dy.Data()[0]) * scale)
		dx := empty(student.tape.memory, n, v)
		forRowsWith(n, v, func(i int, p []float32) {
			q := dx.Row(i)
			asm.SoftmaxRow(q, student.Value.Row(i))
			asm.SoftmaxRow(p, teacher.Row(i))
			asm.Sub(q, q, p)
			asm.Scale(q, g, q)
		})
		return grads(dx)
	}, student)
}

// klRow returns Σⱼ p[j]·(log p[j] - log q[j]) for the logits t and s of p and q,
// as Σⱼ p[j]·(t[j]-s[j]) - lse(t) + lse(s). It overwrites scratch.
func klRow(t, s, scratch []float32) float64 {
	lseQ := logSumExp(s, scratch)
	top, sum := asm.ExpRow(scratch, t)
	lseP := float64(top) + math.Log(sum)
	if kl := (asm.DotWide(scratch, t)-asm.DotWide(scratch, s))/sum - lseP + lseQ; kl == kl {
		return max(kl, 0) // below 0 only by rounding
	}
	// Something is not finite. 0·log 0 counts as 0.
	kl := 0.0
	for j, x := range t {
		if p := float64(scratch[j]) / sum; !(p <= 0) {
			kl += p * (float64(x) - lseP - (float64(s[j]) - lseQ))
		}
	}
	return kl
}
