// Package fetchcmd is the command fetch: a model of the Hugging Face hub comes into the cache of this machine.
package fetchcmd

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/session"
)

// Command returns the command fetch.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "fetch",
		Summary:  "download a model of the Hugging Face hub, or bring it up to date",
		Synopsis: exit.Program + " fetch [flags] ORG/NAME[@REVISION]",
		Description: `Prints the folder with the model's files. It is in the cache that Python's huggingface_hub has too, so that
either finds what the other has downloaded; HF_HUB_CACHE or HF_HOME say where. Configuration, tokenizer and
weights are taken, and verified; a download that was interrupted goes on where it stopped. HF_TOKEN or
the token file give access to gated and private models, HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1
forbids to ask any. Where a command takes --model, ORG/NAME does the same for what the cache lacks.`,
		Argument: "the name of a model, as org/name",
		Examples: []string{
			"fetch HuggingFaceTB/SmolLM2-135M",
			"fetch EleutherAI/pythia-70m@main",
		},
		Without: []string{"threads", "kernel", "seed"},
		Run:     runFetch,
	})
}

// Result is the JSON of docs/contract.md.
type Result struct {
	Model    string `json:"model"`
	Revision string `json:"revision"`
	Commit   string `json:"commit"`
	Folder   string `json:"folder"`
}

func runFetch(s *session.Session, c *cli.Context) error {
	found, err := modelname.Fetch(s, c.Args().First())
	if err != nil {
		return err
	}
	res := &Result{Model: found.Name.ID(), Revision: found.Name.Revision, Commit: found.Commit, Folder: found.Dir}
	return s.Result(res, func(w io.Writer) { fmt.Fprintln(w, res.Folder) })
}
