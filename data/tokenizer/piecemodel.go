package tokenizer

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// pieceKind is sentencepiece.ModelProto.SentencePiece.Type.
type pieceKind int

const (
	pieceNormal      pieceKind = 1
	pieceUnknown     pieceKind = 2
	pieceControl     pieceKind = 3
	pieceUserDefined pieceKind = 4
	pieceUnused      pieceKind = 5
	pieceByte        pieceKind = 6
)

type scoredPiece struct {
	text  string
	score float32
	kind  pieceKind
}

// mergeable reports whether the piece can appear while text is being merged.
func (p scoredPiece) mergeable() bool { return p.kind == pieceNormal || p.kind == pieceUserDefined }

// pieceModel is what we need to know of a SentencePiece model.
type pieceModel struct {
	pieces       []scoredPiece
	ids          map[string]int
	unknownID    int
	bosID        int
	byteFallback bool
	dummyPrefix  bool
}

func (m *pieceModel) id(text string) (int, bool) {
	id, ok := m.ids[text]
	return id, ok
}

// Field numbers of sentencepiece_model.proto.
const (
	modelPieces, modelTrainerSpec, modelNormalizerSpec protowire.Number = 1, 2, 3

	pieceText, pieceScore, pieceType protowire.Number = 1, 2, 3

	trainerModelType, trainerBlankAsSuffix, trainerByteFallback, trainerBOSID protowire.Number = 3, 24, 35, 41

	normalizerCharsMap, normalizerDummyPrefix, normalizerRemoveBlanks, normalizerEscapeBlanks protowire.Number = 2, 3, 4, 5
)

const modelTypeBPE = 2

// parsePieceModel reads the parts of a serialised ModelProto that decide whether we can run it
// exactly, and refuses the others.
func parsePieceModel(b []byte) (*pieceModel, error) {
	m := &pieceModel{ids: map[string]int{}, unknownID: -1, bosID: 1, dummyPrefix: true}
	modelType, charsMap := uint64(1), false // proto defaults
	blankAsSuffix, removeBlanks, escapeBlanks := false, true, true
	err := eachField(b, func(f field) error {
		switch f.number {
		case modelPieces:
			return m.addPiece(f.bytes)
		case modelTrainerSpec:
			return eachField(f.bytes, func(f field) error {
				switch f.number {
				case trainerModelType:
					modelType = f.varint
				case trainerBlankAsSuffix:
					blankAsSuffix = f.varint != 0
				case trainerByteFallback:
					m.byteFallback = f.varint != 0
				case trainerBOSID:
					m.bosID = int(int32(f.varint))
				}
				return nil
			})
		case modelNormalizerSpec:
			return eachField(f.bytes, func(f field) error {
				switch f.number {
				case normalizerCharsMap:
					charsMap = len(f.bytes) > 0
				case normalizerDummyPrefix:
					m.dummyPrefix = f.varint != 0
				case normalizerRemoveBlanks:
					removeBlanks = f.varint != 0
				case normalizerEscapeBlanks:
					escapeBlanks = f.varint != 0
				}
				return nil
			})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, &FormatError{File: sentencePieceFile, Msg: "not a SentencePiece model", Err: err}
	case len(m.pieces) == 0:
		return nil, malformed(sentencePieceFile, "holds no pieces")
	case m.unknownID < 0:
		return nil, malformed(sentencePieceFile, "has no unknown piece")
	case modelType != modelTypeBPE:
		return nil, unsupported(sentencePieceFile, "model type %d, want %d (BPE)", modelType, modelTypeBPE)
	case charsMap:
		return nil, unsupported(sentencePieceFile, "a normaliser with a character map, want identity")
	case blankAsSuffix, removeBlanks, !escapeBlanks:
		return nil, unsupported(sentencePieceFile, "treat_whitespace_as_suffix %t, remove_extra_whitespaces %t, escape_whitespaces %t, want false, false, true", blankAsSuffix, removeBlanks, escapeBlanks)
	}
	return m, nil
}

// addPiece appends one SentencePiece message.
func (m *pieceModel) addPiece(b []byte) error {
	p := scoredPiece{kind: pieceNormal}
	err := eachField(b, func(f field) error {
		switch f.number {
		case pieceText:
			p.text = string(f.bytes)
		case pieceScore:
			p.score = math.Float32frombits(f.fixed32)
		case pieceType:
			p.kind = pieceKind(f.varint)
		}
		return nil
	})
	id := len(m.pieces)
	if err != nil {
		return fmt.Errorf("piece %d: %w", id, err)
	}
	if p.text == "" || id > maxTokenID {
		return fmt.Errorf("piece %d: empty, or more than %d pieces", id, maxTokenID)
	}
	if first, ok := m.ids[p.text]; ok {
		return fmt.Errorf("piece %d: %q is also piece %d", id, p.text, first)
	}
	switch p.kind {
	case pieceUnknown:
		if m.unknownID >= 0 {
			return fmt.Errorf("piece %d: a second unknown piece", id)
		}
		m.unknownID = id
	case pieceNormal, pieceControl, pieceUserDefined, pieceByte:
	case pieceUnused:
		return fmt.Errorf("piece %d: %q is marked unused, which needs the segmenter of SentencePiece itself", id, p.text)
	default:
		return fmt.Errorf("piece %d: unknown type %d", id, p.kind)
	}
	m.ids[p.text] = id
	m.pieces = append(m.pieces, p)
	return nil
}

// field is one field of a protobuf message; one of the others is set by its wire type.
type field struct {
	number  protowire.Number
	varint  uint64
	fixed32 uint32
	bytes   []byte
}

// eachField calls visit for the fields of a message, in order.
func eachField(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type:
			f.fixed32, n = protowire.ConsumeFixed32(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}
