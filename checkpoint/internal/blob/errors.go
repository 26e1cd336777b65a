package blob

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FormatError reports content of a weight file that cannot be used. Callers see it as
// checkpoint.FormatError.
type FormatError struct {
	File   string // name within the model folder
	Tensor string // tensor concerned; empty when the whole file is meant
	Offset int64  // byte position in File; 0 when there is no better place than the start
	Msg    string // what was wanted and what was found
	Err    error  // underlying error, or nil
}

// Error names the file, the tensor and the position as far as they are known.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Tensor != "" {
		b.WriteString(": tensor ")
		b.WriteString(Quote(e.Tensor))
	}
	b.WriteString(": ")
	b.WriteString(e.Msg)
	if e.Err != nil {
		if e.Msg != "" {
			b.WriteString(": ")
		}
		b.WriteString(Shorten(e.Err.Error()))
	}
	if e.Offset > 0 {
		fmt.Fprintf(&b, " (at byte %d)", e.Offset)
	}
	return b.String()
}

// Unwrap gives the underlying error.
func (e *FormatError) Unwrap() error { return e.Err }

// TypeError reports that numbers were wanted of a tensor whose type is carried but not computed with.
// Callers see it as checkpoint.TypeError.
type TypeError struct {
	File   string // name within the model folder
	Tensor string
	Type   string // as the file spells it
}

// Error names the file, the tensor and the type.
func (e *TypeError) Error() string {
	return fmt.Sprintf("%s: tensor %s is stored as %s, which cannot be read as numbers", e.File, Quote(e.Tensor), e.Type)
}

// Text from a file is cut in error messages: a hostile name may be megabytes long.
const (
	maxName = 160  // bytes of a quoted name
	maxText = 1000 // bytes of other text
)

// Shorten cuts s to a length fit for an error message.
func Shorten(s string) string { return cut(s, maxText) }

// Quote is s in double quotes, escaped and cut to a length fit for an error message.
func Quote(s string) string { return strconv.Quote(cut(s, maxName)) }

// cut drops what exceeds n bytes, at a character boundary.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
