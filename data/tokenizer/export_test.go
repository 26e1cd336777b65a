package tokenizer

import (
	"math"

	"github.com/adagp/adagp/data"
	"google.golang.org/protobuf/encoding/protowire"
)

// PatternGPT2, PatternLlama3 and PatternQwen2 are the regular expressions that a Split may hold.
const (
	PatternGPT2   = patternGPT2
	PatternLlama3 = patternLlama3
	PatternQwen2  = patternQwen2
)

// SmallModel is a SentencePiece model with pieces of all kinds but bytes.
func SmallModel() []byte { return makeModel(smallModel) }

// ScoredPiece is a piece of a SentencePiece model.
type ScoredPiece struct {
	Text  string
	Score float32
}

// Pieces returns the pieces of a SentencePiece model, by id.
func Pieces(model []byte) []ScoredPiece {
	var pieces []ScoredPiece
	for len(model) > 0 {
		number, kind, n := protowire.ConsumeTag(model)
		size := protowire.ConsumeFieldValue(number, kind, model[n:])
		if number == modelPieces {
			body, _ := protowire.ConsumeBytes(model[n:])
			var p ScoredPiece
			for len(body) > 0 {
				number, kind, n := protowire.ConsumeTag(body)
				size := protowire.ConsumeFieldValue(number, kind, body[n:])
				switch number {
				case pieceText:
					p.Text, _ = protowire.ConsumeString(body[n:])
				case 2:
					bits, _ := protowire.ConsumeFixed32(body[n:])
					p.Score = math.Float32frombits(bits)
				}
				body = body[n+size:]
			}
			pieces = append(pieces, p)
		}
		model = model[n+size:]
	}
	return pieces
}

// EncodeSpecial is Encode that takes special tokens in the text for what they are.
func EncodeSpecial(tok data.Tokenizer, text string) []int {
	return tok.(interface{ encode(string, bool) []int }).encode(text, true)
}
