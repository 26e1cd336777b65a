package hub

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// DefaultRevision is the branch that a name without a revision means.
const DefaultRevision = "main"

// Name is what a model is called on the hub.
type Name struct {
	Org, Repo string
	// Revision is a branch, a tag or a commit.
	Revision string
}

var (
	partForm     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	revisionForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+-]*$`)
	commitForm   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// maxPart bounds the parts of a name, as the hub does.
const maxPart = 96

// ParseName reads "org/name" or "org/name@revision".
func ParseName(s string) (Name, error) {
	id, revision, given := strings.Cut(s, "@")
	if !given {
		revision = DefaultRevision
	}
	org, repo, ok := strings.Cut(id, "/")
	n := Name{org, repo, revision}
	switch {
	case !ok || !validPart(org) || !validPart(repo):
		return Name{}, fmt.Errorf("%q is no name of a model on the hub, want org/name or org/name@revision", s)
	case !revisionForm.MatchString(revision) || !fs.ValidPath(revision) || strings.Contains(revision, "..") || len(revision) > 255:
		return Name{}, fmt.Errorf("%q: %q is no revision, want a branch, a tag or a commit", s, revision)
	}
	return n, nil
}

// validPart follows the hub's rules. "--" stands for "/" in the cache, and ".git" would be a repository's own folder.
func validPart(s string) bool {
	return len(s) <= maxPart && partForm.MatchString(s) && !strings.Contains(s, "--") && !strings.Contains(s, "..") &&
		!strings.HasSuffix(s, ".git") && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "-")
}

// ID returns "org/name".
func (n Name) ID() string { return n.Org + "/" + n.Repo }

// String returns the name, with the revision where it is not the default one.
func (n Name) String() string {
	if n.Revision == DefaultRevision {
		return n.ID()
	}
	return n.ID() + "@" + n.Revision
}

// folder returns the name of the model's folder in the cache.
func (n Name) folder() string { return "models--" + n.Org + "--" + n.Repo }
