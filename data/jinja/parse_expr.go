package jinja

import (
	"fmt"
	"slices"
	"strconv"
)

// tuple parses an expression, or several between commas.
func (p *parser) tuple() (expr, error) { return p.tupleOf(p.expression) }

func (p *parser) tupleOf(element func() (expr, error)) (expr, error) {
	x, err := element()
	if err != nil || !p.is(",") {
		return x, err
	}
	list := listExpr{items: []expr{x}, tuple: true}
	for p.skip(",") {
		if p.peek().kind == tokenClose || p.is(")") || p.is("=") {
			break
		}
		x, err := element()
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, x)
	}
	return list, nil
}

// expression parses with the conditional operator, which binds least.
func (p *parser) expression() (expr, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	x, err := p.noCondition()
	for err == nil && p.skip("if") {
		c := condExpr{x: x}
		if c.test, err = p.noCondition(); err != nil {
			return nil, err
		}
		if p.skip("else") {
			if c.orElse, err = p.expression(); err != nil {
				return nil, err
			}
		}
		x = c
	}
	return x, err
}

func (p *parser) noCondition() (expr, error) {
	return p.binary([]string{"or"}, func() (expr, error) { return p.binary([]string{"and"}, p.not) })
}

// binary parses operators of one rank, from left to right.
func (p *parser) binary(ops []string, operand func() (expr, error)) (expr, error) {
	x, err := operand()
	for err == nil && (p.peek().kind == tokenSign || p.peek().kind == tokenName) && slices.Contains(ops, p.peek().text) {
		op := p.take()
		var y expr
		if y, err = operand(); err == nil {
			x = binaryExpr{op.line, op.text, x, y}
		}
	}
	return x, err
}

func (p *parser) not() (expr, error) {
	if !p.is("not") {
		return p.compare()
	}
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	line := p.take().line
	x, err := p.not()
	return unaryExpr{line, "not", x}, err
}

func (p *parser) compare() (expr, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := compareExpr{line: p.peek().line, x: x}
	for {
		op := ""
		switch t := p.peek(); {
		case t.kind == tokenSign && slices.Contains([]string{"==", "!=", "<", ">", "<=", ">="}, t.text), t.kind == tokenName && t.text == "in":
			op = t.text
			p.at++
		case t.kind == tokenName && t.text == "not" && p.tokens[p.at+1].text == "in" && p.tokens[p.at+1].kind == tokenName:
			op = "not in"
			p.at += 2
		default:
			if len(c.ops) == 0 {
				return x, nil
			}
			return c, nil
		}
		y, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops, c.ys = append(c.ops, op), append(c.ys, y)
	}
}

func (p *parser) sum() (expr, error) {
	return p.binary([]string{"+", "-"}, func() (expr, error) {
		return p.binary([]string{"~"}, func() (expr, error) {
			return p.binary([]string{"*", "/", "//", "%"}, func() (expr, error) {
				return p.binary([]string{"**"}, func() (expr, error) { return p.unary(true) })
			})
		})
	})
}

func (p *parser) unary(filters bool) (expr, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	var x expr
	if p.is("-") || p.is("+") {
		op := p.take()
		inner, err := p.unary(false)
		if err != nil {
			return nil, err
		}
		x = unaryExpr{op.line, op.text, inner}
	} else if x, err = p.primary(); err != nil {
		return nil, err
	}
	if x, err = p.postfix(x); err != nil || !filters {
		return x, err
	}
	return p.filters(x)
}

func (p *parser) primary() (expr, error) {
	switch t := p.take(); t.kind {
	case tokenName:
		switch t.text {
		case "true", "True":
			return constant{true}, nil
		case "false", "False":
			return constant{false}, nil
		case "none", "None":
			return constant{nil}, nil
		}
		return variable{t.line, t.text}, nil
	case tokenString:
		text := t.text
		for p.peek().kind == tokenString { // as in Python, strings side by side are one
			text += p.take().text
		}
		return constant{text}, nil
	case tokenNumber:
		if i, err := strconv.ParseInt(t.text, 10, 64); err == nil {
			return constant{i}, nil
		}
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, &Error{t.line, fmt.Sprintf("%s is too large a number", t.text)}
		}
		return constant{f}, nil
	default:
		switch {
		case t.kind != tokenSign:
		case t.text == "(":
			return p.bracketed()
		case t.text == "[":
			items, err := p.items("]")
			return listExpr{items: items}, err
		case t.text == "{":
			return p.dict(t.line)
		}
		return nil, &Error{t.line, "want a value, got " + describe(t)}
	}
}

// bracketed parses what follows an opening bracket: an expression, or a tuple.
func (p *parser) bracketed() (expr, error) {
	if p.skip(")") {
		return listExpr{tuple: true}, nil
	}
	x, err := p.tuple()
	if err != nil {
		return nil, err
	}
	return x, p.want(")")
}

func (p *parser) items(end string) ([]expr, error) {
	var items []expr
	for !p.skip(end) {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if !p.skip(",") && !p.is(end) {
			return nil, p.fail("want a comma or %s, got %s", end, describe(p.peek()))
		}
	}
	return items, nil
}

func (p *parser) dict(line int) (expr, error) {
	d := dictExpr{line: line}
	for !p.skip("}") {
		k, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.want(":"); err != nil {
			return nil, err
		}
		v, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, k), append(d.values, v)
		if !p.skip(",") && !p.is("}") {
			return nil, p.fail("want a comma or }, got %s", describe(p.peek()))
		}
	}
	return d, nil
}

// postfix parses attributes, items and calls.
func (p *parser) postfix(x expr) (expr, error) {
	for {
		t := p.peek()
		var err error
		switch {
		case p.skip("."):
			name := p.take()
			switch name.kind {
			case tokenName:
				x = attrExpr{t.line, x, name.text}
			case tokenNumber:
				i, err := strconv.ParseInt(name.text, 10, 64)
				if err != nil {
					return nil, &Error{t.line, "want a name or a whole number behind the point"}
				}
				x = itemExpr{t.line, x, constant{i}}
			default:
				return nil, &Error{t.line, "want a name behind the point, got " + describe(name)}
			}
		case p.skip("["):
			x, err = p.subscript(t.line, x)
		case p.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) subscript(line int, x expr) (expr, error) {
	parts := [3]expr{}
	n := 0
	for ; ; n++ {
		if n == 3 {
			return nil, p.fail("a slice has three parts at most")
		}
		if !p.is(":") && !p.is("]") {
			var err error
			if parts[n], err = p.expression(); err != nil {
				return nil, err
			}
		}
		if !p.skip(":") {
			break
		}
	}
	if err := p.want("]"); err != nil {
		return nil, err
	}
	if n > 0 {
		return sliceExpr{line, x, parts[0], parts[1], parts[2]}, nil
	}
	if parts[0] == nil {
		return nil, p.fail("want an index between the brackets")
	}
	return itemExpr{line, x, parts[0]}, nil
}

func (p *parser) call(f expr) (expr, error) {
	line := p.peek().line
	args, err := p.arguments()
	return callExpr{line, f, args}, err
}

// arguments parses what stands between the brackets of a call.
func (p *parser) arguments() (arguments, error) {
	var a arguments
	if err := p.want("("); err != nil {
		return a, err
	}
	for !p.skip(")") {
		name := ""
		if p.peek().kind == tokenName && p.tokens[p.at+1].kind == tokenSign && p.tokens[p.at+1].text == "=" {
			name = p.take().text
			p.at++
		}
		x, err := p.expression()
		if err != nil {
			return a, err
		}
		switch {
		case name != "":
			a.names, a.named = append(a.names, name), append(a.named, x)
		case len(a.names) > 0:
			return a, p.fail("an argument without a name stands behind one with a name")
		default:
			a.list = append(a.list, x)
		}
		if !p.skip(",") && !p.is(")") {
			return a, p.fail("want a comma or ), got %s", describe(p.peek()))
		}
	}
	return a, nil
}

// filters parses the filters, tests and calls behind a value.
func (p *parser) filters(x expr) (expr, error) {
	for {
		var err error
		switch {
		case p.skip("|"):
			var f filterCall
			f, err = p.filter()
			x = filterExpr{x, f}
		case p.is("is"):
			x, err = p.test(x)
		case p.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) filter() (filterCall, error) {
	t := p.take()
	f := filterCall{line: t.line, name: t.text}
	if t.kind != tokenName {
		return f, &Error{t.line, "want the name of a filter, got " + describe(t)}
	}
	var err error
	if p.is("(") {
		f.args, err = p.arguments()
	}
	return f, err
}

// test parses what follows a value: is [not] NAME [argument].
func (p *parser) test(x expr) (expr, error) {
	line := p.take().line
	n := testExpr{line: line, x: x, not: p.skip("not")}
	t := p.take()
	n.name = t.text
	if t.kind != tokenName && t.kind != tokenSign {
		return nil, &Error{t.line, "want the name of a test, got " + describe(t)}
	}
	var err error
	switch next := p.peek(); {
	case p.is("("):
		n.args, err = p.arguments()
	case next.kind == tokenString || next.kind == tokenNumber || p.is("[") || p.is("{"),
		next.kind == tokenName && !slices.Contains([]string{"else", "or", "and", "is", "if", "in", "not"}, next.text):
		var arg expr
		if arg, err = p.primary(); err == nil {
			arg, err = p.postfix(arg)
		}
		n.args.list = []expr{arg}
	}
	return n, err
}
