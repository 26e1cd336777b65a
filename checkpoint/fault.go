package checkpoint

import "github.com/adagp/adagp/checkpoint/internal/blob"

// CatchFault lets a function multiply by matrices that [Reader.PackedView] has left in their files. When a
// file is truncated meanwhile, using what is gone raises a fault, which would end the process; with
//
//	defer checkpoint.CatchFault(&err)()
//
// as its first statement the function returns an error that names the file instead. Other panics go on.
func CatchFault(err *error) func() { return blob.CatchFault(err) }
