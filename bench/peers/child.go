package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// child is a contender in a process of its own.
type child struct {
	title   string
	process *exec.Cmd
	orders  io.WriteCloser
	answers *bufio.Scanner
}

func start(program, name, library string, env []string) (*child, error) {
	c := &child{title: name, process: exec.Command(program, library)}
	c.process.Env = env
	c.process.Stderr = os.Stderr
	var err error
	if c.orders, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.answers = bufio.NewScanner(out)
	if err := c.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

func (c *child) name() string { return c.title }

func (c *child) time(x task, calls int) (float64, error) {
	if _, err := fmt.Fprintf(c.orders, "%s %d\n", x.order(), calls); err != nil {
		return 0, fmt.Errorf("%s: %w", c.title, err)
	}
	if !c.answers.Scan() {
		return 0, fmt.Errorf("%s gave no answer to %q", c.title, x.order())
	}
	return strconv.ParseFloat(strings.TrimSpace(c.answers.Text()), 64)
}

func (c *child) close() {
	c.orders.Close()
	_ = c.process.Wait() // all its answers have been read
}
