//go:build !unix

package inputfile

// withoutWaiting is empty where a pipe cannot have the name of a file.
const withoutWaiting = 0
