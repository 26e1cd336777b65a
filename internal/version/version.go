// Package version tells builds of the program apart.
package version

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
)

// Name is what people know the build by: the version of the program's module, else the commit it was
// built from, else "(devel)".
func Name() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return name(info)
}

const devel = "(devel)" // what Go calls a build that it knows no version of

func name(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != devel {
		return v
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+dirty"
		}
	}
	if revision == "" {
		return devel
	}
	return revision + modified
}

// Exact is Name for records that are compared: where the name may stand for many builds, as that of a
// checkout with changes does, a checksum of the executable follows.
var Exact = sync.OnceValue(func() string { return exact(Name(), executableSum) })

func exact(name string, sum func() (string, error)) string {
	if name != devel && name != "unknown" && !strings.HasSuffix(name, "+dirty") {
		return name
	}
	s, err := sum()
	if err != nil {
		return name // an executable that only may be run tells nothing more
	}
	return name + " " + s
}

// executableSum returns the beginning of the SHA-256 of the running executable: enough to tell builds apart.
func executableSum() (string, error) {
	f, err := os.Open("/proc/self/exe") // on Linux, even when another build has taken its name meanwhile
	if err != nil {
		path, err := os.Executable()
		if err != nil {
			return "", err
		}
		if f, err = os.Open(path); err != nil {
			return "", err
		}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
