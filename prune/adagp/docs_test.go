package adagp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune"
)

// What the pages say that tuning keeps of each weight is what the plan counts.
func TestDocsCountSurvivors(t *testing.T) {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	const weights = 16
	floats := (survivorBytes(prune.LayerShape{Kept: 1}, weights) - survivorBytes(prune.LayerShape{}, weights)) / (4 * weights)
	for page, text := range map[string]string{
		"maths/adagp-plus.md": " numbers per surviving one",
		"memory.md":           " numbers for each weight that survives",
	} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		if want := words[floats] + text; !strings.Contains(string(b), want) {
			t.Errorf("docs/%s does not say %q, which is what the plan counts", page, want)
		}
	}
}
