// Package generate continues texts: it feeds a prompt to a model, draws one token after the other and
// feeds it back, with the keys and values of earlier tokens kept.
//
// Several prompts are decoded side by side, which reads the weights once for all of them; what becomes
// of one does not depend on the others. The same seed gives the same text on any number of threads.
package generate
