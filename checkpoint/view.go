package checkpoint

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// View is how a model has a stored tensor: all of it or some of its rows, as they are or transposed. Reading
// gives the view, and [Assemble] takes it back into the layout of the files.
type View struct {
	// Tensor is the name in the files.
	Tensor string
	// Merged says that the file has matrices one behind the other in a tensor [count, rows, columns], which counts as one
	// matrix [count·rows, columns]. From and To choose one of them, or some rows of it.
	Merged bool
	// From and To choose the rows From <= i < To, along the first dimension. With To = 0 it is all of them.
	From, To int
	// Transposed says that the file has a matrix, or the rows chosen of it, as [in, out] and the model as
	// [out, in].
	Transposed bool
}

// Whole reports whether the view is the tensor as it is stored.
func (v View) Whole() bool { return v.To == 0 && !v.Transposed }

// Layout says in words what is different about the stored tensor; it is empty for a whole one.
func (v View) Layout() string {
	s := ""
	if v.To != 0 {
		s = fmt.Sprintf("rows %d to %d of a larger tensor", v.From, v.To-1)
	}
	if v.Transposed {
		if s != "" {
			s += ", "
		}
		s += "stored as [in, out]"
	}
	return s
}

// Shape returns the shape of the view of a tensor of the stored shape. It is an error if the tensor has not
// the rows, or is no matrix that could be transposed.
func (v View) Shape(stored []int) ([]int, error) {
	shape := v.matrix(stored)
	if v.To != 0 {
		if len(shape) == 0 || v.From < 0 || v.From >= v.To || v.To > shape[0] {
			return nil, fmt.Errorf("tensor %s has shape %v, want rows %d to %d of it", blob.Quote(v.Tensor), stored, v.From, v.To-1)
		}
		shape[0] = v.To - v.From
	}
	if v.Transposed {
		if len(shape) != 2 {
			return nil, fmt.Errorf("tensor %s has shape %v, want a matrix [in, out]", blob.Quote(v.Tensor), stored)
		}
		slices.Reverse(shape)
	}
	return shape, nil
}

// matrix returns the stored shape, of which merged matrices count as one.
func (v View) matrix(stored []int) []int {
	shape := slices.Clone(stored)
	for v.Merged && len(shape) > 2 {
		shape = append([]int{shape[0] * shape[1]}, shape[2:]...)
	}
	return shape
}

// Stored returns the index in the stored tensor of an index in the view; in merged matrices it has the row among all.
func (v View) Stored(index []int) []int {
	index = slices.Clone(index)
	if v.Transposed {
		slices.Reverse(index)
	}
	if v.To != 0 {
		index[0] += v.From
	}
	return index
}

// Of returns the view of a stored tensor: t itself if it is the whole, else a copy.
func (v View) Of(t *tensor.Tensor) (*tensor.Tensor, error) {
	if _, err := v.Shape(t.Shape()); err != nil {
		return nil, err
	}
	if v.To != 0 {
		t = t.View(v.matrix(t.Shape())...).Rows(v.From, v.To)
	}
	switch {
	case v.Transposed:
		return tensor.Transpose(t), nil
	case v.To != 0:
		return t.Clone(), nil // the rest of the tensor is not needed any more
	}
	return t, nil
}

// ReadView returns a view of a tensor as float32; see Read.
func (r *Reader) ReadView(v View) (*tensor.Tensor, error) {
	views, err := r.ReadViews(v.Tensor, []View{v})
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// ReadViews returns some views of one tensor, which is read once.
func (r *Reader) ReadViews(name string, views []View) ([]*tensor.Tensor, error) {
	whole, err := r.Read(name)
	if err != nil {
		return nil, err
	}
	all := make([]*tensor.Tensor, len(views))
	for i, v := range views {
		if all[i], err = v.Of(whole); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Packed returns a view of a matrix as it is stored, to be multiplied by as it is: packed, or dense in float32,
// float16 or bfloat16. A part of a packed matrix, or its transpose, is packed anew.
func (r *Reader) Packed(v View) (packed.Matrix, error) { return r.packedView(v, (*shard).readPart) }

// PackedMapped is Packed without a copy of what is stored, where the file system lets files be mapped and the
// matrix is stored as the view has it. The matrix is valid until Close, and the program dies if the file is
// truncated in the meantime. Reading a mapped file takes longer than reading memory, by a sixth where it was
// measured.
func (r *Reader) PackedMapped(v View) (packed.Matrix, error) { return r.packedView(v, (*shard).view) }

func (r *Reader) packedView(v View, get getter) (packed.Matrix, error) {
	s, ok := r.homes[v.Tensor]
	if !ok {
		return nil, fmt.Errorf("no tensor %s in %s", blob.Quote(v.Tensor), r.layout.file)
	}
	info := r.infos[v.Tensor]
	stored := v.matrix(info.Shape)
	if len(stored) != 2 || !packable(info.DType) {
		return nil, fmt.Errorf("tensor %s of type %v and shape %v is no matrix to multiply by", blob.Quote(v.Tensor), info.DType, info.Shape)
	}
	shape, err := v.Shape(info.Shape)
	if err != nil {
		return nil, err
	}
	from, to := 0, stored[0]
	if v.To != 0 {
		from, to = v.From, v.To
	}
	line := stored[1] * info.DType.Size()
	var b []byte
	t := s.packed[v.Tensor]
	if t == nil {
		b, err = get(s, v.Tensor, int64(from*line), int64(to*line))
	} else {
		m, e := t.matrix(func(part string) ([]byte, error) { return get(s, part, 0, -1) })
		if e != nil || v.Whole() {
			return m, e
		}
		b = m.Unpack()[from*line : to*line]
	}
	if err != nil {
		return nil, err
	}
	if v.Transposed {
		b = transposeBytes(b, to-from, stored[1], info.DType.Size())
	}
	if t != nil {
		return packed.Choose(info.DType, shape[0], shape[1], b), nil
	}
	return packed.NewPlain(info.DType, shape[0], shape[1], b)
}

// getter returns the bytes from <= i < to of a tensor of a file, with to = -1 to its end.
type getter func(s *shard, tensor string, from, to int64) ([]byte, error)

// transposeBytes returns the transpose of a matrix [rows, cols] of elements of size bytes. It goes in squares
// that stay in the cache.
func transposeBytes(b []byte, rows, cols, size int) []byte {
	const side = 32
	t := make([]byte, len(b))
	for i0 := 0; i0 < rows; i0 += side {
		for j0 := 0; j0 < cols; j0 += side {
			for j := j0; j < min(j0+side, cols); j++ {
				for i := i0; i < min(i0+side, rows); i++ {
					copy(t[(j*rows+i)*size:][:size], b[(i*cols+j)*size:])
				}
			}
		}
	}
	return t
}

// Part is what a view of a stored tensor is to hold.
type Part struct {
	View
	Value *tensor.Tensor // in the layout of the view
}

// Assemble calls put with each tensor that the parts belong to, in the order of their first parts and in the
// layout of the files. Rows that no part has are those of src, which may be nil where there are none.
func Assemble(src *Reader, parts []Part, put func(name string, t *tensor.Tensor) error) error {
	for i, p := range parts {
		value := p.Value
		switch {
		case p.To != 0 && slices.ContainsFunc(parts[:i], func(q Part) bool { return q.Tensor == p.Tensor }):
			continue // it came with the first
		case p.To != 0:
			var err error
			if value, err = assemble(src, p.Tensor, parts[i:]); err != nil {
				return err
			}
		case p.Transposed:
			value = tensor.Transpose(value)
		}
		if err := put(p.Tensor, value); err != nil {
			return err
		}
	}
	return nil
}

// assemble returns the tensor of that name with the rows that parts have.
func assemble(src *Reader, name string, parts []Part) (*tensor.Tensor, error) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return p.Tensor != name })
	slices.SortFunc(parts, func(a, b Part) int { return a.From - b.From })
	var whole *tensor.Tensor
	if src != nil {
		var err error
		if whole, err = src.Read(name); err != nil {
			return nil, err
		}
	}
	next := 0
	for _, p := range parts {
		if p.From < next || whole == nil && p.From > next {
			return nil, fmt.Errorf("tensor %s: a part begins at row %d, want row %d", blob.Quote(name), p.From, next)
		}
		next = p.To
	}
	for i, p := range parts {
		rows := p.Value
		if p.Transposed {
			rows = tensor.Transpose(rows)
		}
		shape := rows.Shape()
		if whole == nil {
			whole = tensor.New(append([]int{parts[len(parts)-1].To}, shape[1:]...)...)
		}
		place := View{Tensor: name, Merged: p.Merged, From: p.From, To: p.To}
		want, err := place.Shape(whole.Shape())
		if err != nil {
			return nil, err
		}
		if !slices.Equal(shape, want) {
			return nil, fmt.Errorf("tensor %s: part %d has shape %v in the file, want %v", blob.Quote(name), i, shape, want)
		}
		whole.View(place.matrix(whole.Shape())...).Rows(p.From, p.To).CopyFrom(rows)
	}
	return whole, nil
}
