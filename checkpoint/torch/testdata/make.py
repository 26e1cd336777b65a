"""Makes the checkpoints in this folder and expected.json. Needs PyTorch (made with 1.13.1).

Every file holds the same state dict: all element types, a scalar, an empty tensor, a parameter,
views into one storage, transposed and strided tensors, module metadata.
"""

import collections
import json
import torch

torch.manual_seed(0)
base = torch.randn(6, 4)
state = collections.OrderedDict()
state["f32"] = torch.randn(2, 3)
state["f16"] = torch.randn(3, 2).half()
state["bf16"] = torch.randn(5).bfloat16()
state["f64"] = torch.randn(2, 2).double()
state["i64"] = torch.tensor([[1, -2], [3, 2**40]])
state["i32"] = torch.tensor([1, -2, 2**30], dtype=torch.int32)
state["i16"] = torch.tensor([1, -2, 300], dtype=torch.int16)
state["i8"] = torch.tensor([1, -2, 127], dtype=torch.int8)
state["u8"] = torch.tensor([1, 2, 255], dtype=torch.uint8)
state["bool"] = torch.tensor([True, False, True])
state["scalar"] = torch.tensor(3.5)
state["empty"] = torch.zeros(0, 3)
state["parameter"] = torch.nn.Parameter(torch.randn(2, 2))
state["view.top"] = base[:2]
state["view.bottom"] = base[2:]
state["view.columns"] = base[:, 1:3]
state["transposed"] = base.t()
state["permuted"] = torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1)
state["strided"] = torch.randn(20).half()[1::3]
state["expanded.one"] = torch.arange(4).expand(1, 4)
state._metadata = collections.OrderedDict([("", {"version": 1}), ("layer", {"version": 2})])

for proto in (1, 2, 4):
    for kind, new in (("legacy", False), ("zip", True)):
        torch.save(state, f"{kind}_proto{proto}.bin", pickle_protocol=proto,
                   _use_new_zipfile_serialization=new)

names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64",
         torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
         torch.uint8: "U8", torch.bool: "BOOL"}
expected = []
for name, t in state.items():
    t = t.detach().contiguous().clone()
    raw = bytes(t.flatten().view(torch.uint8).tolist()) if t.numel() and t.dtype != torch.bool \
        else bytes(int(v) for v in t.flatten().tolist())
    expected.append({"name": name, "dtype": names[t.dtype], "shape": list(t.shape), "hex": raw.hex()})
with open("expected.json", "w") as f:
    json.dump(expected, f, indent=1)
    f.write("\n")
