// Package modelname turns the names of models that flags give into folders: what is on this machine is itself, and
// "org/name" is a model of the Hugging Face hub, from the cache or downloaded into it.
package modelname

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/progress"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/hub"
	"github.com/adagp/adagp/internal/version"
)

// Resolve returns the folder of a model. What exists, what is embedded, and what cannot be a name on the hub comes
// back as it is: whoever opens it says what is wrong with it.
func Resolve(s *session.Session, name string) (string, error) {
	if strings.HasPrefix(name, "demo:") {
		return name, nil
	}
	if _, err := os.Lstat(name); err == nil {
		return name, nil
	}
	n, err := hub.ParseName(name)
	if err != nil {
		return name, nil
	}
	found, err := download(s, n, (*hub.Client).Find)
	if err != nil {
		return "", fmt.Errorf("%s is no folder here, and as a name on the hub: %w", name, err)
	}
	s.Log.Info(fmt.Sprintf("model %s is commit %.12s in %s", n, found.Commit, found.Dir))
	return found.Dir, nil
}

// Fetch brings the newest state of a model into the cache.
func Fetch(s *session.Session, name string) (hub.Snapshot, error) {
	n, err := hub.ParseName(name)
	if err != nil {
		return hub.Snapshot{}, exit.Usagef("%w", err)
	}
	return download(s, n, (*hub.Client).Fetch)
}

// download calls get with a client of the hub that the environment names, and shows what it does.
func download(s *session.Session, n hub.Name, get func(*hub.Client, context.Context, hub.Name) (hub.Snapshot, error)) (hub.Snapshot, error) {
	settings, err := hub.FromEnvironment(os.Getenv)
	if err != nil {
		return hub.Snapshot{}, err
	}
	var task *progress.Task
	c := &hub.Client{
		Settings:  settings,
		UserAgent: exit.Program + "/" + version.Name(),
		Notice:    func(text string) { s.Log.Warn(text) },
		Progress: func(p hub.Progress) {
			if task == nil {
				task = s.Progress.StartShares("download of " + n.String())
			}
			task.Slow(fmt.Sprintf("%s, %s of %s", p.File, format.Bytes(p.Done), format.Bytes(p.Total)), float64(p.Done)/float64(max(1, p.Total)))
		},
	}
	found, err := get(c, s.Ctx, n)
	if task != nil {
		task.End()
	}
	return found, err
}
