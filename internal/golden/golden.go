// Package golden finds the recorded inputs and expected results that tests compare with.
//
// Path serves the small set that is part of the repository (see testdata/README.md). Shared serves
// the larger set of trained models and corpora, which lives beside a developer's checkout; a test
// that needs it is skipped elsewhere, so no default test may rely on it alone. Picture checks what the
// tests of several packages draw.
package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// root is the folder of this source file, from which the other paths are derived.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// Path returns the path of a file or folder below this package's testdata, such as
// "models/rand-llama3" or "logits/rand-llama3.json".
func Path(rel string) string {
	return filepath.Join(root(), "testdata", filepath.FromSlash(rel))
}

// Shared returns the path of a file or folder of the larger data set, which is found through the
// environment variable ADAGP_TEST_DATA or in ../shared/data beside the repository. The test is
// skipped when it is not there.
func Shared(t testing.TB, rel string) string {
	t.Helper()
	base := os.Getenv("ADAGP_TEST_DATA")
	if base == "" {
		base = filepath.Join(root(), "..", "..", "..", "shared", "data")
	}
	p := filepath.Join(base, filepath.FromSlash(rel))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("larger test data not available: %v", err)
	}
	return p
}

// JSON decodes the JSON file at path into v and fails the test when it cannot.
func JSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
