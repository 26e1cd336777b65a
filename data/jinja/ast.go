package jinja

// node is a part of a template that writes something.
type node interface {
	render(s *state) error
}

// expr is a part that has a value.
type expr interface {
	eval(s *state) (any, error)
}

type (
	textNode  struct{ text string }
	printNode struct {
		line int
		x    expr
	}
	ifNode struct {
		tests  []expr
		bodies [][]node
		orElse []node
	}
	forNode struct {
		line         int
		targets      []string
		items        expr
		filter       expr
		body, orElse []node
	}
	setNode struct {
		line    int
		targets []target
		value   expr
		body    []node // of a block
		filters []filterCall
	}
	macroNode struct {
		name string
		m    *macro
	}
	callNode struct { // {% call %}
		line   int
		caller *macro
		call   expr
	}
	filterNode struct { // {% filter %}
		line    int
		filters []filterCall
		body    []node
	}
	withNode struct {
		line   int
		names  []string
		values []expr
		body   []node
	}
	groupNode struct{ body []node } // {% generation %}
	jumpNode  struct{ jump error }
)

// target is what is set: a variable, or an attribute of a namespace.
type target struct{ name, attr string }

type (
	constant struct{ v any }
	variable struct {
		line int
		name string
	}
	listExpr struct {
		items []expr
		tuple bool
	}
	dictExpr struct {
		line         int
		keys, values []expr
	}
	attrExpr struct {
		line int
		x    expr
		name string
	}
	itemExpr struct {
		line int
		x, i expr
	}
	sliceExpr struct {
		line              int
		x                 expr
		start, stop, step expr // nil where left out
	}
	callExpr struct {
		line int
		f    expr
		args arguments
	}
	filterExpr struct {
		x expr
		f filterCall
	}
	testExpr struct {
		line int
		x    expr
		name string
		args arguments
		not  bool
	}
	unaryExpr struct {
		line int
		op   string
		x    expr
	}
	binaryExpr struct {
		line int
		op   string
		x, y expr
	}
	compareExpr struct {
		line int
		x    expr
		ops  []string
		ys   []expr
	}
	condExpr struct{ x, test, orElse expr }
)

// arguments of a call, in order and by name.
type arguments struct {
	list  []expr
	names []string
	named []expr
}

type filterCall struct {
	line int
	name string
	args arguments
}
