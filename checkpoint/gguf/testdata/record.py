"""Writes blocks.gguf and blocks.f32: python record.py (pip install gguf==0.19.0 numpy).

blocks.gguf has a tensor of three rows of one block (of two for the small ones) of random bytes of each type, with scales that are ordinary numbers, and
metadata of every kind. blocks.f32 has what gguf-py dequantises, one tensor after the other, as float32, little-endian.
"""
import numpy as np
from gguf import GGMLQuantizationType as T, GGUFWriter, quants
from gguf.constants import GGML_QUANT_SIZES

rng = np.random.default_rng(1)
HALVES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2],
          T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0]}

w = GGUFWriter("blocks.gguf", "test")
w.add_uint8("k.u8", 200)
w.add_int8("k.i8", -100)
w.add_uint16("k.u16", 60000)
w.add_int16("k.i16", -30000)
w.add_uint32("k.u32", 4000000000)
w.add_int32("k.i32", -2000000000)
w.add_float32("k.f32", 1.5)
w.add_uint64("k.u64", 2**63)
w.add_int64("k.i64", -2**62)
w.add_float64("k.f64", 0.1)
w.add_bool("k.bool", True)
w.add_string("k.string", "héllo")
w.add_array("k.strings", ["a", "", "▁b"])
w.add_array("k.ints", [1, -2, 3])
w.add_array("k.floats", [0.5, -1.5])
w.add_array("k.bools", [True, False])
with open("blocks.f32", "wb") as out:
    for t in [T.F32, T.F16, T.BF16, *HALVES]:
        values, size = GGML_QUANT_SIZES[t]
        blocks = 2 if values < 256 else 1
        if values == 1:
            plain = rng.normal(size=(3, 5)).astype(np.float32)
            raw = {T.F32: plain, T.F16: plain.astype(np.float16)}.get(t)
            if raw is None:
                raw = quants.quantize(plain, t)
        else:
            raw = rng.integers(0, 256, (3, blocks, size), dtype=np.uint8)
            for at in HALVES[t]:
                raw[:, :, at:at + 2] = (rng.normal(size=(3, blocks, 1)) * 0.01).astype(np.float16).view(np.uint8)
            raw[0, 0, HALVES[t][0]:HALVES[t][0] + 2] = [3, 0]  # below the normal numbers
            raw = raw.reshape(3, -1)
        out.write(quants.dequantize(np.ascontiguousarray(raw).view(np.uint8) if t == T.BF16 else raw, t).astype("<f4").tobytes())
        w.add_tensor(t.name, raw, raw_dtype=t)
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
