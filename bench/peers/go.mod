module github.com/adagp/adagp/bench/peers

go 1.26.0

require (
	github.com/adagp/adagp v0.0.0
	github.com/nlpodyssey/spago v1.1.0
	golang.org/x/sys v0.49.0
	gonum.org/v1/gonum v0.17.0
)

require github.com/google/flatbuffers v23.5.26+incompatible // indirect

replace github.com/adagp/adagp => ../..
