package hub

import (
	"fmt"
	"net/http"
	"time"
)

// Error is an answer of the hub that refuses a model.
type Error struct {
	Name Name
	// Status is the HTTP status, Code what the hub says beside it (RepoNotFound, GatedRepo, …), often nothing.
	Status int
	Code   string
	// Endpoint is the hub that was asked, and HasToken whether a token was sent.
	Endpoint string
	HasToken bool
	// RetryAfter is how long the hub wants to be left alone, where it says so.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	const setToken = "set HF_TOKEN to a token that may read it (from %s/settings/tokens)"
	what := ""
	switch {
	case e.Code == "GatedRepo":
		what = fmt.Sprintf("its files are given only to those who have accepted its terms: accept them at %s/%s, and ", e.Endpoint, e.Name.ID())
		if e.HasToken {
			what += "use the token of the same account"
		} else {
			what += fmt.Sprintf(setToken, e.Endpoint)
		}
	case e.Code == "RevisionNotFound":
		what = fmt.Sprintf("there is no revision %q", e.Name.Revision)
	case e.Status == http.StatusUnauthorized && e.HasToken:
		what = "the hub does not accept the token in HF_TOKEN or the token file"
	case e.Status == http.StatusUnauthorized:
		what = "there is no such model, or it is private: check the name, or " + fmt.Sprintf(setToken, e.Endpoint)
	case e.Status == http.StatusForbidden:
		what = "the token may not read it"
	case e.Status == http.StatusNotFound && e.Code == "EntryNotFound":
		what = "a file that the hub lists is not there"
	case e.Status == http.StatusNotFound:
		what = "there is no such model; a private one needs HF_TOKEN"
	case e.Status == http.StatusTooManyRequests:
		what = "the hub has had too many requests from here"
		if e.RetryAfter > 0 {
			what += fmt.Sprintf(", try again in %v", e.RetryAfter.Round(time.Second))
		}
	default:
		what = fmt.Sprintf("the hub answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("model %s at %s: %s", e.Name, e.Endpoint, what)
}

// temporary reports whether the same request may succeed later.
func (e *Error) temporary() bool { return e.Status == http.StatusTooManyRequests || e.Status >= 500 }

// NotCachedError says that a model is not in the cache while requests are forbidden.
type NotCachedError struct {
	Name  Name
	Cache string
}

func (e *NotCachedError) Error() string {
	return fmt.Sprintf("model %s is not in the cache %s, or not all of it, and HF_HUB_OFFLINE forbids to download it", e.Name, e.Cache)
}

// ChecksumError says that a file's bytes are not those that the hub lists.
type ChecksumError struct {
	Name       Name
	File       string
	Want, Have string // SHA-256, or git's SHA-1
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("model %s, file %s: the downloaded bytes have the checksum %s, want %s", e.Name, e.File, e.Have, e.Want)
}

// answerError says that the hub's answer makes no sense.
func answerError(n Name, format string, args ...any) error {
	return fmt.Errorf("model %s: the hub's answer is wrong: %s", n, fmt.Sprintf(format, args...))
}
