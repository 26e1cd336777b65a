// Package prunetest tests pruning solvers: [Laws] checks what every solver owes its callers, and
// [Check] compares a solution with recorded numbers. A new solver's test needs little more than
//
//	func TestLaws(t *testing.T) { prunetest.Laws(t, mysolver.Solver{}) }
//
// What a solver does not owe by its design is declared there, with the reason: [OrderedColumns],
// [WithoutRival].
package prunetest
