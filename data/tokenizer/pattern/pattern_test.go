package pattern

import (
	"strings"
	"testing"
)

// cut is text with | around every match.
func cut(t *testing.T, expr, text string) string {
	t.Helper()
	p, err := Compile(expr)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	done := 0
	p.Each(text, func(start, end int) {
		b.WriteString(text[done:start] + "[" + text[start:end] + "]")
		done = end
	})
	return b.String() + text[done:]
}

func TestEach(t *testing.T) {
	for _, c := range []struct{ expr, text, want string }{
		{`a`, "banana", "b[a]n[a]n[a]"},
		{`ab|a`, "abaab", "[ab][a][ab]"},
		{`a|ab`, "ab", "[a]b"},
		{`a*b`, "aaab aac", "[aaab] aac"},
		{`a+b|a`, "aaac", "[a][a][a]c"},
		{`\s+(?!\S)|\s+`, "a   b  ", "a[  ][ ]b[  ]"},
		{`\s+$`, "a  b  \n c ", "a  b[  ]\n c[ ]"},
		{`a(?=b)`, "abaab", "[a]ba[a]b"},
		{`\p{N}{1,3}`, "12345 1", "[123][45] [1]"},
		{`\d{2}`, "12345", "[12][34]5"},
		{`a{2,}`, "a aa aaa", "a [aa] [aaa]"},
		{`a{,2}b`, "aaab b", "a[aab] [b]"},
		{`a++b|a`, "aab", "[aab]"},
		{`a++ab|a`, "aab", "[a][a]b"},
		{`a?+ab`, "aab ab", "[aab] ab"},
		{`(?>ab|a)c`, "abc ac", "[abc] [ac]"},
		{`(?>a|ab)c`, "abc", "abc"},
		{`(?i:'s|'re)`, "x's 'S 'ſ 'rE 'r", "x['s] ['S] ['ſ] ['rE] 'r"},
		{`(?i:[a-k])`, "AkKlſ", "[A][k][K]lſ"},
		{`(ab){1,2}c?`, "abababc", "[abab][abc]"},
		{`[^(\s|[.,!])]+`, "a(b) c,d|e", "[a]([b]) [c],[d]|[e]"},
		{`[\p{L}&&[^a-c]]+`, "abcdé", "abc[dé]"},
		{`[a-c&&b-z]+`, "abcd", "a[bc]d"},
		{`[\-a\]]+`, "-a]b", "[-a]]b"},
		{`[a-]+`, "-a_", "[-a]_"},
		{`\x41\x{e9}\u00e9`, "Aéé", "[Aéé]"},
		{`\P{L}+|\p{^Lu}`, "aB1é", "[a]B[1][é]"},
		{`\p{L}+|\p{N}`, "\U00013f18\U0002ebf0\U00010d40", "[\U00013f18\U0002ebf0][\U00010d40]"}, // of Unicode 15.1 and 16
		{`.+`, "ab\ncd", "[ab]\n[cd]"},
		{`[一-龥]+`, "a中文b", "a[中文]b"},
		{`\x{fffd}`, "a\xff\xe4\xbdb", "a[\xff][\xe4][\xbd]b"},
	} {
		if got := cut(t, c.expr, c.text); got != c.want {
			t.Errorf("%s in %q: %q, want %q", c.expr, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for expr, says := range map[string]string{
		`a*`: "empty text", `(?!a)`: "empty text", `a|`: "empty text", `$`: "empty text", ``: "empty text",
		`(?<=a)b`: "(?<=", `(?<!a)b`: "(?<!", `(?<n>a)`: "(?<n>", `(?m:a)`: "(?m:", `(a)\1`: `\1`, `\w+`: `\w`, `\bx`: `\b`,
		`a+?`: "behind a repetition", `a{1,3}+`: "behind a repetition", `a**`: "behind a repetition", `(ab)+`: "endless",
		`(a?){2}`: "may be empty", `(abc){999}`: "longer than", `^a`: "'^'", `+`: "'+'", `a{`: "numbers", `a{2,1}`: "numbers", `a{0}b`: "numbers",
		`a{99999}`: "numbers", `(a`: "without an end", `a)`: "without an opening", `[a`: "[ without ]", `[]`: "right behind", `[^\s\S]`: "no character",
		`[z-a]`: "before it begins", `[a-\s]`: "a range", `[a-[b]]`: "a range", `[[:alpha:]]`: "[:alpha:]", `\p{Nonsense}`: "Nonsense", `\p{C}`: `\p{C}`,
		`\p`: `\p without`, `(?i:é)`: "want ASCII", `(?i:ss)`: "ß", `(?i:[^a])`: "[^ without case", `(?i:\p{Lu})`: "without case", `\`: "at the end", `\xfg`: "hexadecimal", `\u12`: "hexadecimal",
		"\xff": "not UTF-8", strings.Repeat("(", 60) + "a": "within each other", strings.Repeat("a", 1<<15): "longer than",
	} {
		_, err := Compile(expr)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: got %v, want a refusal that says %q", expr, err, says)
		}
	}
}

// Patterns of tokenizers whose matches end at words, and some that do not.
func TestCutsWords(t *testing.T) {
	for _, c := range []struct {
		expr          string
		words, spaces bool
	}{
		{`'s| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, true, true},
		{`[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, true, true},
		{`\p{N}{1,3}`, true, false},
		{` ?[^(\s|[.,])]+`, true, false},
		{`\s+$`, true, false},
		{`a b`, false, false},
		{`[a ]+`, false, true},
		{`a(?= )`, false, false},
		{`a$|\s`, false, true},
		{`(?:a| ){2}`, false, false},
		{`a[\r\n]*\s`, false, false},
	} {
		p, err := Compile(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if p.CutsWords() != c.words || p.TakesSpaces() != c.spaces {
			t.Errorf("%s: CutsWords %t, TakesSpaces %t, want %t, %t", c.expr, p.CutsWords(), p.TakesSpaces(), c.words, c.spaces)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`(?i:'s|'t)|[^\r\n\p{L}]?\p{L}+|\p{N}{1,3}| ?[^\s[.,]&&\x{20}-\u00e9]++[\r\n]*|\s+(?!\S)|(?>a|b){2}$`, "don't 123  é\xff \n")
	f.Fuzz(func(t *testing.T, expr, text string) {
		p, err := Compile(expr)
		if err != nil {
			return
		}
		done := 0
		p.Each(text, func(start, end int) {
			if start < done || end <= start || end > len(text) {
				t.Fatalf("match %d:%d behind %d in a text of %d", start, end, done, len(text))
			}
			done = end
		})
	})
}
