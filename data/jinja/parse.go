package jinja

import (
	"fmt"
	"slices"
	"strconv"
)

// maxDepth bounds how deep expressions, blocks and calls may be nested.
const maxDepth = 200

// parser turns tokens into nodes.
type parser struct {
	tokens []token
	at     int
	depth  int
	loops  int // around what is parsed
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{p.peek().line, fmt.Sprintf(format, args...)}
}

// is reports whether the next token is that sign or name.
func (p *parser) is(text string) bool {
	t := p.peek()
	return (t.kind == tokenSign || t.kind == tokenName) && t.text == text
}

// skip takes the next token if it is that sign or name.
func (p *parser) skip(text string) bool {
	if !p.is(text) {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(text string) error {
	if !p.skip(text) {
		return p.fail("want %q, got %s", text, describe(p.peek()))
	}
	return nil
}

func describe(t token) string {
	switch t.kind {
	case tokenEnd:
		return "the end of the template"
	case tokenClose:
		return "the end of the tag"
	case tokenText, tokenPrint, tokenBlock:
		return "text"
	}
	return strconv.Quote(t.text)
}

// deeper bounds recursion; what it returns ends the level.
func (p *parser) deeper() (func(), error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("it is nested deeper than %d levels", maxDepth)
	}
	return func() { p.depth-- }, nil
}

func (p *parser) closeTag() error {
	if p.peek().kind != tokenClose {
		return p.fail("want the end of the tag, got %s", describe(p.peek()))
	}
	p.at++
	return nil
}

// body parses up to one of the blocks that end it, which is returned with its name taken.
func (p *parser) body(ends ...string) (nodes []node, end string, err error) {
	up, err := p.deeper()
	if err != nil {
		return nil, "", err
	}
	defer up()
	for {
		t := p.take()
		switch t.kind {
		case tokenEnd:
			if len(ends) > 0 {
				return nil, "", p.fail("the template ends, want {%% %s %%}", ends[len(ends)-1])
			}
			return nodes, "", nil
		case tokenText:
			nodes = append(nodes, textNode{t.text})
		case tokenPrint:
			x, err := p.tuple()
			if err != nil {
				return nil, "", err
			}
			if err := p.closeTag(); err != nil {
				return nil, "", err
			}
			nodes = append(nodes, printNode{t.line, x})
		default:
			name := p.take()
			if slices.Contains(ends, name.text) {
				return nodes, name.text, nil
			}
			n, err := p.block(name)
			if err != nil {
				return nil, "", err
			}
			nodes = append(nodes, n)
		}
	}
}

// block parses what follows the name of a block.
func (p *parser) block(name token) (node, error) {
	switch name.text {
	case "if":
		return p.ifBlock()
	case "for":
		return p.forBlock(name.line)
	case "set":
		return p.setBlock(name.line)
	case "macro":
		return p.macroBlock(name.line)
	case "call":
		return p.callBlock(name.line)
	case "filter":
		return p.filterBlock(name.line)
	case "with":
		return p.withBlock(name.line)
	case "generation":
		body, err := p.rest("endgeneration")
		return groupNode{body}, err
	case "break", "continue":
		if p.loops == 0 {
			return nil, p.fail("%s is outside of a loop", name.text)
		}
		if name.text == "break" {
			return jumpNode{errBreak}, p.closeTag()
		}
		return jumpNode{errContinue}, p.closeTag()
	}
	return nil, &Error{name.line, fmt.Sprintf("unknown block %q", name.text)}
}

// rest parses the end of the tag, the body and the tag that ends it.
func (p *parser) rest(end string) ([]node, error) {
	if err := p.closeTag(); err != nil {
		return nil, err
	}
	body, _, err := p.body(end)
	if err != nil {
		return nil, err
	}
	return body, p.closeTag()
}

func (p *parser) ifBlock() (node, error) {
	n := ifNode{}
	for branch := "if"; ; {
		if branch == "if" || branch == "elif" {
			test, err := p.tuple()
			if err != nil {
				return nil, err
			}
			n.tests = append(n.tests, test)
		}
		if err := p.closeTag(); err != nil {
			return nil, err
		}
		ends := []string{"elif", "else", "endif"}
		if branch == "else" {
			ends = ends[2:]
		}
		body, end, err := p.body(ends...)
		if err != nil {
			return nil, err
		}
		if branch == "else" {
			n.orElse = body
		} else {
			n.bodies = append(n.bodies, body)
		}
		if branch = end; end == "endif" {
			return n, p.closeTag()
		}
	}
}

func (p *parser) forBlock(line int) (node, error) {
	n := forNode{line: line}
	var err error
	if n.targets, err = p.names(); err != nil {
		return nil, err
	}
	if err := p.want("in"); err != nil {
		return nil, err
	}
	if n.items, err = p.tupleOf(p.noCondition); err != nil {
		return nil, err
	}
	if p.skip("if") {
		if n.filter, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.is("recursive") {
		return nil, p.fail("recursive loops are not supported")
	}
	if err := p.closeTag(); err != nil {
		return nil, err
	}
	p.loops++
	body, end, err := p.body("else", "endfor")
	p.loops--
	if err != nil {
		return nil, err
	}
	if n.body = body; end == "else" {
		n.orElse, err = p.rest("endfor")
		return n, err
	}
	return n, p.closeTag()
}

// names parses one or several names between commas, in brackets or not.
func (p *parser) names() ([]string, error) {
	open := p.skip("(")
	var names []string
	for {
		t := p.take()
		if t.kind != tokenName {
			return nil, &Error{t.line, "want a name, got " + describe(t)}
		}
		names = append(names, t.text)
		if !p.skip(",") {
			break
		}
	}
	if open {
		return names, p.want(")")
	}
	return names, nil
}

func (p *parser) setBlock(line int) (node, error) {
	n := setNode{line: line}
	for {
		t := p.take()
		if t.kind != tokenName {
			return nil, &Error{t.line, "want a name to set, got " + describe(t)}
		}
		to := target{name: t.text}
		if p.skip(".") {
			to.attr = p.take().text
		}
		n.targets = append(n.targets, to)
		if !p.skip(",") {
			break
		}
	}
	var err error
	if p.skip("=") {
		if n.value, err = p.tuple(); err != nil {
			return nil, err
		}
		return n, p.closeTag()
	}
	if len(n.targets) > 1 {
		return nil, p.fail("want = behind the names to set")
	}
	for p.skip("|") {
		f, err := p.filter()
		if err != nil {
			return nil, err
		}
		n.filters = append(n.filters, f)
	}
	n.body, err = p.rest("endset")
	return n, err
}

// signature parses the parameters of a macro.
func (p *parser) signature(name string, line int) (*macro, error) {
	m := &macro{name: name, line: line}
	if err := p.want("("); err != nil {
		return nil, err
	}
	for !p.skip(")") {
		t := p.take()
		if t.kind != tokenName {
			return nil, &Error{t.line, "want the name of a parameter, got " + describe(t)}
		}
		m.params = append(m.params, t.text)
		var value expr
		if p.skip("=") {
			var err error
			if value, err = p.expression(); err != nil {
				return nil, err
			}
		}
		m.defaults = append(m.defaults, value)
		if !p.skip(",") && !p.is(")") {
			return nil, p.fail("want a comma or ), got %s", describe(p.peek()))
		}
	}
	return m, nil
}

// macroBody parses the body of a macro, which loops around it do not reach into.
func (p *parser) macroBody(m *macro, end string) (err error) {
	loops := p.loops
	p.loops = 0
	m.body, err = p.rest(end)
	p.loops = loops
	return err
}

func (p *parser) macroBlock(line int) (node, error) {
	name := p.take()
	if name.kind != tokenName {
		return nil, &Error{name.line, "want the name of a macro, got " + describe(name)}
	}
	m, err := p.signature(name.text, line)
	if err != nil {
		return nil, err
	}
	return macroNode{name.text, m}, p.macroBody(m, "endmacro")
}

func (p *parser) callBlock(line int) (node, error) {
	n := callNode{line: line, caller: &macro{name: "caller", line: line}}
	var err error
	if p.is("(") {
		if n.caller, err = p.signature("caller", line); err != nil {
			return nil, err
		}
	}
	if n.call, err = p.expression(); err != nil {
		return nil, err
	}
	if _, ok := n.call.(callExpr); !ok {
		return nil, p.fail("want a call in {%% call %%}")
	}
	return n, p.macroBody(n.caller, "endcall")
}

func (p *parser) filterBlock(line int) (node, error) {
	n := filterNode{line: line}
	for first := true; first || p.skip("|"); first = false {
		f, err := p.filter()
		if err != nil {
			return nil, err
		}
		n.filters = append(n.filters, f)
	}
	var err error
	n.body, err = p.rest("endfilter")
	return n, err
}

func (p *parser) withBlock(line int) (node, error) {
	n := withNode{line: line}
	for p.peek().kind == tokenName {
		n.names = append(n.names, p.take().text)
		if err := p.want("="); err != nil {
			return nil, err
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, x)
		if !p.skip(",") {
			break
		}
	}
	var err error
	n.body, err = p.rest("endwith")
	return n, err
}
