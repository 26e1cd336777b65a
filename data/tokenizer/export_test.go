package tokenizer

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The regular expressions that a Split may hold, of the models they are named after.
const (
	PatternGPT2   = patternGPT2
	PatternLlama3 = patternLlama3
	PatternO200k  = patternO200k
)

const (
	patternLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	patternO200k  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
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
