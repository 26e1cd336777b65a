package tune

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the pages say that tuning keeps of each weight is what is planned.
func TestDocsCountSurvivors(t *testing.T) {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	for page, text := range map[string]string{
		"maths/adagp-plus.md": " numbers per surviving one",
		"memory.md":           " numbers for each weight that survives",
		"maths/tuning.md":     " per surviving weight",
	} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		if want := words[floatsPerSurvivor] + text; !strings.Contains(string(b), want) {
			t.Errorf("docs/%s does not say %q, which is what is planned", page, want)
		}
	}
}
