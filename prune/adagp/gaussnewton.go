package adagp

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// gaussNewtonSteps is how often [gaussNewton] linearises the activation.
const gaussNewtonSteps = 4

// gaussNewton is the update of a variable that one activation reads and cannot solve for: elementwise
// descent on α(u − m)² + γ(a − φ(…u…))². With φ replaced by its tangent the minimum is one step away,
//
//	u − (α(u − m) − γ(a − φ)φ′) / (α + γφ′²)
//
// which is taken where it lowers the cost; else a quarter of it where that does; else u stays. The
// tangent comes from autograd, so any activation will do.
type gaussNewton struct{ pointwise }

func (u *gaussNewton) reads() []*variable { return append(u.pointwise.reads(), u.v) }

func (u *gaussNewton) apply() {
	mean := prediction(u.v.source)
	alpha, gamma := u.v.source.weight(), u.join.penalty
	at, m, a := u.v.at.Data(), mean.Data(), u.join.out.at.Data()
	full, quarter := tensor.New(u.v.at.Shape()...), tensor.New(u.v.at.Shape()...)
	f, q := full.Data(), quarter.Data()
	tape := autograd.NewTape()
	ones := tensor.New(u.v.at.Shape()...)
	ones.Fill(1)
	for range gaussNewtonSteps {
		leaf := tape.Leaf(u.v.at)
		phi := u.activation(leaf)
		tape.BackwardFrom(phi, ones)
		tape.Reset()
		value, slope := phi.Value.Data(), leaf.Grad.Data()
		parallel.For(len(at), 1<<13, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				d := float64(slope[i])
				step := (alpha*(float64(at[i])-float64(m[i])) - gamma*(float64(a[i])-float64(value[i]))*d) / (alpha + gamma*d*d)
				f[i], q[i] = float32(float64(at[i])-step), float32(float64(at[i])-step/4)
			}
		})
		atFull, atQuarter := u.activation(autograd.Const(full)).Value.Data(), u.activation(autograd.Const(quarter)).Value.Data()
		parallel.For(len(at), 1<<13, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				cost := func(u, phi float32) float64 {
					du, da := float64(u)-float64(m[i]), float64(a[i])-float64(phi)
					return alpha*du*du + gamma*da*da
				}
				switch now := cost(at[i], value[i]); {
				case cost(f[i], atFull[i]) < now:
					at[i] = f[i]
				case cost(q[i], atQuarter[i]) < now:
					at[i] = q[i]
				}
			}
		})
	}
}

// activation is the join's value with u in place of the variable.
func (u *gaussNewton) activation(value *autograd.Var) *autograd.Var {
	return u.join.predict(func(v *variable) *autograd.Var {
		if v == u.v {
			return value
		}
		return autograd.Const(v.at)
	})
}
