package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Settings say where the cache is and how the hub is asked.
type Settings struct {
	// Cache is the folder that holds the models' folders.
	Cache string
	// Endpoint is the hub's address, without a slash at its end.
	Endpoint string
	// Token is sent to the endpoint, and to no other host. It may be empty.
	Token string
	// Offline forbids all requests.
	Offline bool
	// NoSymlinks puts the files themselves into snapshots, where otherwise links to the blobs are.
	NoSymlinks bool
	// Timeout is how long the hub may send nothing.
	Timeout time.Duration
}

const (
	defaultEndpoint = "https://huggingface.co"
	defaultTimeout  = 10 * time.Second
	maxToken        = 64 << 10
)

// FromEnvironment reads the variables that huggingface_hub reads: HF_HUB_CACHE (or HUGGINGFACE_HUB_CACHE), HF_HOME,
// XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN (or HUGGING_FACE_HUB_TOKEN), HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN,
// HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE), HF_HUB_DISABLE_SYMLINKS and HF_HUB_DOWNLOAD_TIMEOUT. getenv is os.Getenv,
// but for tests.
func FromEnvironment(getenv func(string) string) (Settings, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if v := strings.TrimSpace(getenv(name)); v != "" {
				return v
			}
		}
		return ""
	}
	home, err := homeFolder(first)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{
		Cache:      first("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"),
		Endpoint:   strings.TrimRight(first("HF_ENDPOINT"), "/"),
		Token:      first("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
		Offline:    isTrue(first("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")),
		NoSymlinks: isTrue(first("HF_HUB_DISABLE_SYMLINKS")),
		Timeout:    defaultTimeout,
	}
	if s.Cache == "" {
		s.Cache = filepath.Join(home, "hub")
	}
	s.Cache = expandHome(s.Cache)
	if s.Endpoint == "" {
		s.Endpoint = defaultEndpoint
	}
	if u, err := url.Parse(s.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return Settings{}, fmt.Errorf("HF_ENDPOINT is %q, want the address of a hub, as %s", s.Endpoint, defaultEndpoint)
	}
	if seconds := first("HF_HUB_DOWNLOAD_TIMEOUT"); seconds != "" {
		n, err := strconv.ParseFloat(seconds, 64)
		if err != nil || !(n > 0 && n < 1e6) {
			return Settings{}, fmt.Errorf("HF_HUB_DOWNLOAD_TIMEOUT is %q, want a number of seconds", seconds)
		}
		s.Timeout = time.Duration(n * float64(time.Second))
	}
	if isTrue(first("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		s.Token = ""
		return s, nil
	}
	if s.Token == "" {
		path := first("HF_TOKEN_PATH")
		if path == "" {
			path = filepath.Join(home, "token")
		}
		s.Token, err = readToken(expandHome(path))
	}
	return s, err
}

// homeFolder returns the folder of all that Hugging Face's programs keep.
func homeFolder(first func(...string) string) (string, error) {
	if home := first("HF_HOME"); home != "" {
		return expandHome(home), nil
	}
	if cache := first("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(expandHome(cache), "huggingface"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		if cache := first("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"); cache != "" {
			return filepath.Dir(cache), nil
		}
		return "", fmt.Errorf("no folder for the cache of models: set HF_HUB_CACHE or HF_HOME: %w", err)
	}
	return filepath.Join(home, ".cache", "huggingface"), nil
}

// expandHome replaces the ~ at the start of a path, which a shell leaves alone inside of quotes.
func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("token of the hub: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return "", fmt.Errorf("token of the hub: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// isTrue reads a switch as huggingface_hub does.
func isTrue(s string) bool {
	switch strings.ToUpper(s) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
