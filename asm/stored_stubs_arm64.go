//go:build arm64 && !purego

package asm

// plainF32NEON multiplies stored rows by a vector:
//
//	for i < rows: y[i] = Σ w[i*k+p]*x[p], but for the last k%4 columns
//
//go:noescape
func plainF32NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)

// plainF16NEON multiplies stored rows by a vector:
//
//	for i < rows: y[i] = Σ w[i*k+p]*x[p], but for the last k%4 columns
//
//go:noescape
func plainF16NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)

// plainBF16NEON multiplies stored rows by a vector:
//
//	for i < rows: y[i] = Σ w[i*k+p]*x[p], but for the last k%4 columns
//
//go:noescape
func plainBF16NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)

// bitmaskF32NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ (the next of values)*x[p] over the bits p of row i of mask
//
//go:noescape
func bitmaskF32NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)

// bitmaskF16NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ (the next of values)*x[p] over the bits p of row i of mask
//
//go:noescape
func bitmaskF16NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)

// bitmaskBF16NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ (the next of values)*x[p] over the bits p of row i of mask
//
//go:noescape
func bitmaskBF16NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)

// bitmaskWidenF32NEON puts stored weights where they belong:
//
//	for p < 64*blocks: dst[p] = the next of values if bit p of mask is set, or else 0
//
//go:noescape
func bitmaskWidenF32NEON(blocks int, mask, values *byte, dst *float32)

// bitmaskWidenF16NEON puts stored weights where they belong:
//
//	for p < 64*blocks: dst[p] = the next of values if bit p of mask is set, or else 0
//
//go:noescape
func bitmaskWidenF16NEON(blocks int, mask, values *byte, dst *float32)

// bitmaskWidenBF16NEON puts stored weights where they belong:
//
//	for p < 64*blocks: dst[p] = the next of values if bit p of mask is set, or else 0
//
//go:noescape
func bitmaskWidenBF16NEON(blocks int, mask, values *byte, dst *float32)

// semiF32NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ values[i*k/2+q]*x[q/2*4+(place of q, see SemiRows)], but for the last k%8 columns
//
//go:noescape
func semiF32NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)

// semiF16NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ values[i*k/2+q]*x[q/2*4+(place of q, see SemiRows)], but for the last k%8 columns
//
//go:noescape
func semiF16NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)

// semiBF16NEON multiplies stored rows by a padded vector:
//
//	for i < rows: y[i] = Σ values[i*k/2+q]*x[q/2*4+(place of q, see SemiRows)], but for the last k%8 columns
//
//go:noescape
func semiBF16NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)

// panelF32NEON adds the products of 64 columns with 64 tokens:
//
//	for i < rows, bits p of the 64 in mask[i*stride:]:
//		for t < 64: c[i*64+t] += values[at[i]]*x[p*64+t]
//		at[i] += size of a value
//
//go:noescape
func panelF32NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)

// panelF16NEON adds the products of 64 columns with 64 tokens:
//
//	for i < rows, bits p of the 64 in mask[i*stride:]:
//		for t < 64: c[i*64+t] += values[at[i]]*x[p*64+t]
//		at[i] += size of a value
//
//go:noescape
func panelF16NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)

// panelBF16NEON adds the products of 64 columns with 64 tokens:
//
//	for i < rows, bits p of the 64 in mask[i*stride:]:
//		for t < 64: c[i*64+t] += values[at[i]]*x[p*64+t]
//		at[i] += size of a value
//
//go:noescape
func panelBF16NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)

// transposeF32NEON transposes 4 rows of n elements, a multiple of 4:
//
//	for p < n, i < 4: dst[p*ldDst+i] = src[i*ldSrc+p]
//
//go:noescape
func transposeF32NEON(n int, dst *float32, ldDst int, src *float32, ldSrc int)
