// Package autograd computes gradients in reverse mode.
//
// Operations are plain functions on *Var. When at least one input belongs to
// a Tape, the operation is recorded there in execution order; when none does,
// the same call is plain inference and nothing is kept. Tape.Backward walks
// the record from its end and adds up the gradients.
//
// The labour is divided so that an operation stays small: it computes its
// value and, later, the gradients of those inputs that need one (its
// vector-Jacobian product). Everything else, such as adding the gradients of
// a variable used several times, is the work of the engine in backward.go.
// Every operation has a file op_<name>.go with its formula, and a test beside
// it that checks values and gradients.
//
// To add an operation, write op_<name>.go: one exported function that computes
// the value and returns record(…) with its backward rule; then op_<name>_test.go
// with a few values and gradcheck.Check. A test fails until both are there.
//
// Results do not depend on the number of threads: work is split over outputs,
// and every sum keeps its order.
package autograd
