package blob

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
)

// mappings are the mapped files that are open, so that a fault can be told from a defect.
var mappings struct {
	sync.Mutex
	files map[*File]bool
}

// note enters a mapped file, or takes it out.
func (f *File) note(open bool) {
	mappings.Lock()
	defer mappings.Unlock()
	if mappings.files == nil {
		mappings.files = make(map[*File]bool)
	}
	if open {
		mappings.files[f] = true
	} else {
		delete(mappings.files, f)
	}
}

// mappedAt returns the name of the file that is mapped to an address.
func mappedAt(addr uintptr) (name string, ok bool) {
	mappings.Lock()
	defer mappings.Unlock()
	for f := range mappings.files {
		start := reflect.ValueOf(f.mapped).Pointer()
		if addr >= start && addr-start < uintptr(len(f.mapped)) {
			return f.name, true
		}
	}
	return "", false
}

// CatchFault lets a function use views of mapped files. Pages beyond the end of a file that was truncated
// after mapping raise a fault, which would end the process; with
//
//	defer CatchFault(&err)()
//
// as its first statement the function returns an error that names the file instead. Other panics go on.
// It covers the goroutine that calls it and the workers of internal/parallel.
func CatchFault(err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		v := recover()
		if v == nil {
			return
		}
		if fault, ok := v.(interface{ Addr() uintptr }); ok {
			if name, ok := mappedAt(fault.Addr()); ok {
				*err = fmt.Errorf("%s: the file became shorter while it was in use", name)
				return
			}
		}
		panic(v)
	}
}
