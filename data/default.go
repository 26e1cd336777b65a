package data

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed text/calibration/*.txt text/evaluation.txt
var embedded embed.FS

// DefaultCalibration returns the embedded calibration text: about 380 KB of opening pages of eight
// public-domain books, named in text/README.md. File names carry the prefix "embedded:".
func DefaultCalibration() *Corpus {
	entries, err := fs.ReadDir(embedded, "text/calibration")
	if err != nil {
		panic(err) // part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, "text/calibration/"+e.Name())
	}
	return embeddedCorpus(names)
}

// DefaultEvaluation returns the embedded evaluation text: the first 150 KB of Frankenstein, which
// neither the embedded models nor the calibration text has seen.
func DefaultEvaluation() *Corpus { return embeddedCorpus([]string{"text/evaluation.txt"}) }

// embeddedCorpus joins embedded files the way ReadCorpus joins files.
func embeddedCorpus(names []string) *Corpus {
	c := &Corpus{}
	var texts []string
	for _, name := range names {
		b, err := embedded.ReadFile(name)
		if err != nil {
			panic(err) // part of the program
		}
		c.Files = append(c.Files, "embedded:"+strings.TrimPrefix(name, "text/"))
		texts = append(texts, string(b))
	}
	c.Text = strings.Join(texts, fileSeparator)
	return c
}
