package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// method returns a method of a string, a list or a dictionary.
func method(v any, name string) (callable, bool) {
	switch v := v.(type) {
	case string:
		if f, ok := stringMethods[name]; ok {
			return func(s *state, args []any, _ *Dict) (any, error) {
				got, err := f(v, args)
				if text, ok := got.(string); ok && err == nil {
					err = s.grow(len(text))
				}
				return got, err
			}, true
		}
	case *Dict:
		if f, ok := dictMethods[name]; ok {
			return func(_ *state, args []any, _ *Dict) (any, error) { return f(v, args) }, true
		}
	case *List:
		if f, ok := listMethods[name]; ok && !v.lazy {
			return func(_ *state, args []any, _ *Dict) (any, error) { return f(v, args) }, true
		}
	}
	return nil, false
}

// changes are methods that the environment of chat templates forbids, as they change a value.
func changes[T any](name string) func(T, []any) (any, error) {
	return func(T, []any) (any, error) { return nil, fmt.Errorf("%s is not allowed in a template", name) }
}

var dictMethods = map[string]func(d *Dict, args []any) (any, error){
	"get": func(d *Dict, args []any) (any, error) {
		if len(args) < 1 || len(args) > 2 {
			return nil, fmt.Errorf("get takes 1 or 2 arguments, got %d", len(args))
		}
		if k, ok := args[0].(string); ok {
			if v, ok := d.Get(k); ok {
				return v, nil
			}
		}
		if len(args) == 2 {
			return args[1], nil
		}
		return nil, nil
	},
	"keys": func(d *Dict, _ []any) (any, error) { return keysOf(d), nil },
	"values": func(d *Dict, _ []any) (any, error) {
		l := &List{}
		for _, k := range d.keys {
			l.Items = append(l.Items, d.values[k])
		}
		return l, nil
	},
	"items":      func(d *Dict, _ []any) (any, error) { return itemsOf(d), nil },
	"copy":       func(d *Dict, _ []any) (any, error) { return d, nil }, // nothing changes either
	"update":     changes[*Dict]("update"),
	"pop":        changes[*Dict]("pop"),
	"popitem":    changes[*Dict]("popitem"),
	"setdefault": changes[*Dict]("setdefault"),
	"clear":      changes[*Dict]("clear"),
}

// itemsOf returns the pairs of a dictionary.
func itemsOf(d *Dict) *List {
	l := &List{}
	for _, k := range d.keys {
		l.Items = append(l.Items, &List{Items: []any{k, d.values[k]}, tuple: true})
	}
	return l
}

var listMethods = map[string]func(l *List, args []any) (any, error){
	"index": func(l *List, args []any) (any, error) {
		if len(args) == 1 {
			if i := slices.IndexFunc(l.Items, func(v any) bool { return equal(v, args[0]) }); i >= 0 {
				return int64(i), nil
			}
		}
		return nil, errors.New("index: the value is not in the list")
	},
	"count": func(l *List, args []any) (any, error) {
		n := int64(0)
		for _, v := range l.Items {
			if len(args) == 1 && equal(v, args[0]) {
				n++
			}
		}
		return n, nil
	},
	"append":  changes[*List]("append"),
	"extend":  changes[*List]("extend"),
	"insert":  changes[*List]("insert"),
	"pop":     changes[*List]("pop"),
	"remove":  changes[*List]("remove"),
	"reverse": changes[*List]("reverse"),
	"sort":    changes[*List]("sort"),
	"clear":   changes[*List]("clear"),
}

// plain makes a method of a function of the string alone.
func plain[T any](f func(string) T) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		if len(args) > 0 {
			return nil, fmt.Errorf("a method of a string takes no arguments, got %d", len(args))
		}
		return f(s), nil
	}
}

// withText makes a method of a function of the string and another one.
func withText[T any](f func(s, other string) T) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		if len(args) < 1 {
			return nil, errors.New("a method of a string wants a string")
		}
		other, ok := args[0].(string)
		if !ok {
			return nil, fmt.Errorf("a method of a string wants a string, got a value of the type %s", typeName(args[0]))
		}
		return f(s, other), nil
	}
}

// strip makes the methods that remove characters from the ends: white space, or those of the argument.
func strip(left, right bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		cut := unicode.IsSpace
		if len(args) > 0 && args[0] != nil {
			chars, ok := args[0].(string)
			if !ok {
				return nil, fmt.Errorf("strip wants a string, got a value of the type %s", typeName(args[0]))
			}
			cut = func(r rune) bool { return strings.ContainsRune(chars, r) }
		}
		if left {
			s = strings.TrimLeftFunc(s, cut)
		}
		if right {
			s = strings.TrimRightFunc(s, cut)
		}
		return s, nil
	}
}

// affix makes startswith and endswith, which take a string or a tuple of them.
func affix(f func(s, affix string) bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		if len(args) == 1 {
			if l, ok := args[0].(*List); ok && l.tuple {
				for _, v := range l.Items {
					if other, ok := v.(string); ok && f(s, other) {
						return true, nil
					}
				}
				return false, nil
			}
		}
		return withText(f)(s, args)
	}
}

// isAll makes methods that ask whether all characters, of which there is one at least, are of a kind.
func isAll(is func(rune) bool) func(string, []any) (any, error) {
	return plain(func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
	})
}

func runeIndex(s string, i int) int64 {
	if i < 0 {
		return -1
	}
	return int64(len([]rune(s[:i])))
}

var stringMethods map[string]func(s string, args []any) (any, error)

func init() {
	stringMethods = map[string]func(s string, args []any) (any, error){
		"strip": strip(true, true), "lstrip": strip(true, false), "rstrip": strip(false, true),
		"upper": plain(strings.ToUpper), "lower": plain(strings.ToLower), "title": plain(title), "capitalize": plain(capitalize),
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
		"removeprefix": withText(strings.TrimPrefix), "removesuffix": withText(strings.TrimSuffix),
		"count": withText(func(s, other string) int64 { return int64(strings.Count(s, other)) }),
		"find":  withText(func(s, other string) int64 { return runeIndex(s, strings.Index(s, other)) }),
		"rfind": withText(func(s, other string) int64 { return runeIndex(s, strings.LastIndex(s, other)) }),
		"index": indexOf, "split": split, "rsplit": rsplit, "replace": replace, "join": joinMethod,
		"splitlines": plain(splitLines),
		"isdigit":    isAll(unicode.IsDigit), "isnumeric": isAll(unicode.IsNumber), "isalpha": isAll(unicode.IsLetter), "isspace": isAll(unicode.IsSpace),
		"isalnum": isAll(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"isupper": plain(func(s string) bool { return s == strings.ToUpper(s) && s != strings.ToLower(s) }),
		"islower": plain(func(s string) bool { return s == strings.ToLower(s) && s != strings.ToUpper(s) }),
	}
}

func indexOf(s string, args []any) (any, error) {
	got, err := stringMethods["find"](s, args)
	if got == int64(-1) {
		return nil, errors.New("index: the string is not in it")
	}
	return got, err
}

func joinMethod(s string, args []any) (any, error) {
	if len(args) != 1 {
		return nil, errors.New("join wants a list")
	}
	items, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, v := range items {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("join wants strings, got a value of the type %s", typeName(v))
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, s), nil
}

func splitLines(s string) *List {
	l := &List{}
	for line := range strings.Lines(s) {
		l.Items = append(l.Items, strings.TrimRight(line, "\r\n"))
	}
	return l
}

// separator reads the arguments of split and rsplit: the separator, nil for white space, and how often at most, -1 for
// always.
func separator(args []any) (sep string, white bool, most int, err error) {
	white, most = true, -1
	if len(args) > 0 && args[0] != nil {
		var ok bool
		if sep, ok = args[0].(string); !ok || sep == "" {
			return "", false, 0, errors.New("split wants a separator that is not empty")
		}
		white = false
	}
	if len(args) > 1 {
		n, ok := whole(args[1])
		if !ok {
			return "", false, 0, errors.New("split wants a whole number as its second argument")
		}
		if n >= 0 {
			most = int(n)
		}
	}
	return sep, white, most, nil
}

func split(s string, args []any) (any, error) {
	sep, white, most, err := separator(args)
	if err != nil {
		return nil, err
	}
	l := &List{}
	if !white {
		n := -1
		if most >= 0 {
			n = most + 1
		}
		for _, part := range strings.SplitN(s, sep, n) {
			l.Items = append(l.Items, part)
		}
		return l, nil
	}
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 || most >= 0 && len(l.Items) == most {
			l.Items = append(l.Items, s)
			break
		}
		l.Items = append(l.Items, s[:i])
		s = s[i:]
	}
	return l, nil
}

func rsplit(s string, args []any) (any, error) {
	sep, white, most, err := separator(args)
	if err != nil || most < 0 {
		if err != nil {
			return nil, err
		}
		return split(s, args)
	}
	if white {
		return nil, errors.New("rsplit at white space with a limit is not supported")
	}
	var parts []any
	for ; most > 0; most-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return &List{Items: parts}, nil
}

func replace(s string, args []any) (any, error) {
	if len(args) < 2 || len(args) > 3 {
		return nil, fmt.Errorf("replace takes 2 or 3 arguments, got %d", len(args))
	}
	old, ok := args[0].(string)
	by, ok2 := args[1].(string)
	if !ok || !ok2 {
		return nil, errors.New("replace wants two strings")
	}
	n := int64(-1)
	if len(args) == 3 && args[2] != nil {
		if n, ok = whole(args[2]); !ok {
			return nil, errors.New("replace wants a whole number as its third argument")
		}
	}
	if grown := strings.Count(s, old) * len(by); grown > maxText {
		return nil, fmt.Errorf("it makes a text of more than %d bytes", maxText)
	}
	return strings.Replace(s, old, by, int(min(n, maxText))), nil
}

// title begins each word with a capital letter.
func title(s string) string {
	letter := false
	return strings.Map(func(r rune) rune {
		defer func() { letter = unicode.IsLetter(r) }()
		if letter {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

// capitalize makes the first letter large and the others small.
func capitalize(s string) string {
	first := true
	return strings.Map(func(r rune) rune {
		if first {
			first = false
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}
