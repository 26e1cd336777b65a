package data

import (
	"errors"
	"fmt"
)

// pieceBytes is how much of a text is encoded at a time, in bytes.
const pieceBytes = 1 << 20

// IDs returns the ids of a corpus of text as Calibration and EvalWindows see them: those of the whole text,
// between the tokens that the tokenizer puts in front of it and behind it.
func IDs(tok Tokenizer, c *Corpus) ([]int, error) {
	ids := []int{}
	err := eachPiece(tok, c, func(piece []int) { ids = append(ids, piece...) })
	return ids, err
}

// eachPiece hands over the ids of a corpus of text in order, with the tokenizer's default BOS in front and what
// an Ender puts behind: those of the whole text, although little of it is in memory at a time if the tokenizer is a Cutter.
func eachPiece(tok Tokenizer, c *Corpus, piece func(ids []int)) error {
	if c.apart {
		special, ok := tok.(SpecialEncoder)
		if !ok {
			return fmt.Errorf("conversations of %v need a tokenizer that finds special tokens: %w", c.Files, errors.ErrUnsupported)
		}
		return c.read(func(text string) { piece(special.EncodeSpecial(text)) })
	}
	if bos, ok := tok.BOS(); ok {
		piece([]int{bos})
	}
	cutter, _ := tok.(Cutter)
	var rest []byte // of the text, what is not encoded yet
	want := pieceBytes
	err := c.read(func(part string) {
		for len(part) > 0 {
			n := min(len(part), want-len(rest))
			rest, part = append(rest, part[:n]...), part[n:]
			if len(rest) < want {
				continue
			}
			end, next := 0, 0
			text := string(rest)
			if cutter != nil {
				end, next = cutter.Cut(text)
			}
			if end == 0 {
				want = 2 * len(rest) // so that looking for a place stays linear
				continue
			}
			piece(tok.Encode(text[:end]))
			rest, want = append(rest[:0], text[next:]...), pieceBytes
		}
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		piece(tok.Encode(string(rest)))
	}
	if e, ok := tok.(Ender); ok {
		piece(e.End())
	}
	return nil
}

// maxKeptIDs bounds the ids that countTokens keeps.
const maxKeptIDs = 1 << 20

// countTokens returns the number of ids of a corpus of text, and the ids where they are few.
func countTokens(tok Tokenizer, c *Corpus) (n int, ids []int, err error) {
	ids = []int{}
	err = eachPiece(tok, c, func(piece []int) {
		n += len(piece)
		if n > maxKeptIDs {
			ids = nil
		}
		if ids != nil {
			ids = append(ids, piece...)
		}
	})
	return n, ids, err
}

// windowsAt returns the windows of the given length that begin at starts in a corpus of n tokens. ids are
// all its ids, or nil: then the text is encoded once more.
func windowsAt(tok Tokenizer, c *Corpus, n int, ids []int, starts []int, length int) ([][]int, error) {
	windows := make([][]int, len(starts))
	for i := range windows {
		windows[i] = make([]int, length)
	}
	at := 0
	take := func(piece []int) {
		for i, start := range starts {
			if lo, hi := max(start, at), min(start+length, at+len(piece)); lo < hi {
				copy(windows[i][lo-start:], piece[lo-at:hi-at])
			}
		}
		at += len(piece)
	}
	if ids != nil {
		take(ids)
		return windows, nil
	}
	if err := eachPiece(tok, c, take); err != nil {
		return nil, err
	}
	if at != n {
		return nil, &CorpusError{File: c.Files[0], Msg: "has changed while it was read"}
	}
	return windows, nil
}
