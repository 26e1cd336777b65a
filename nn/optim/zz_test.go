package optim
import ("testing";"github.com/nlpodyssey/spago/optimizers";"github.com/nlpodyssey/spago/optimizers/sgd";"github.com/nlpodyssey/spago/nn";"github.com/nlpodyssey/spago/mat")
func TestZ(t *testing.T) {
	p := nn.NewParam(mat.NewDense[float32](mat.WithShape(1000,1000)))
	g := mat.NewDense[float32](mat.WithShape(1000,1000)); for i := range mat.Data[float32](g) { mat.Data[float32](g)[i]=1 }
	p.AccGrad(g)
	o := optimizers.New(nn.StreamParams([]*nn.Param{p}), sgd.New[float32](sgd.NewConfig(1,0,false)))
	if err := o.Optimize(); err != nil { t.Fatal(err) }
	t.Log(mat.Data[float32](p.Matrix)[999999])
}
