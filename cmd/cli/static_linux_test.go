package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestStatic: the program that make build ships asks for no interpreter and no library, whatever the
// environment says about cgo, so that it runs where C's library is another one or none.
func TestStatic(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	if _, err := exec.LookPath("make"); err != nil {
		t.Skipf("the program is built by make: %v", err)
	}
	program := filepath.Join(t.TempDir(), "cli")
	build := exec.Command("make", "-C", filepath.Join("..", ".."), "build", "BIN="+program)
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, text)
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a %v segment: it is linked dynamically", p.Type)
		}
	}
	if libraries, err := f.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("the program wants the libraries %v", libraries)
	}
}
