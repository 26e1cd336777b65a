"""Compares bin/cli with transformers on one model: check.py MODEL DATA (see bench/real/run)."""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

RUNS = os.environ.get("RUNS", "--method sparsegpt --sparsity 0.5;--method adagp --preset fast --pattern 2:4")
WINDOWS = int(os.environ.get("WINDOWS", "8"))
CALIB = os.environ.get("CALIB", "16")
# Both compute in float32 and add in other orders. 2e-4 is the limit of 0.02 % on a perplexity.
TOLERANCE = 2e-4


def program(*args):
    return json.loads(subprocess.run(["bin/cli", *args, "--json", "--no-progress"], check=True, stdout=subprocess.PIPE).stdout)


def loss(folder, windows):
    """Mean loss of all predictions, by transformers."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    total = count = 0
    with torch.no_grad():
        for ids in windows:
            x = torch.tensor([ids])
            scores = torch.log_softmax(model(x).logits[0, :-1].double(), -1)
            total -= scores.gather(1, x[0, 1:, None]).sum().item()
            count += len(ids) - 1
    return total / count


def compare(what, folder, file):
    windows = [json.loads(line)["input_ids"] for line in open(file)][:WINDOWS]
    start = time.time()
    want = loss(folder, windows)
    seconds = time.time() - start
    got = program("eval", "--model", folder, "--text", file, "--max-windows", str(WINDOWS))
    print(f"{what}, {os.path.basename(file)}, {len(windows)} windows: perplexity {math.exp(got['nll']):.4f}, transformers {math.exp(want):.4f}"
          f" ({got['seconds']:.0f} s, {seconds:.0f} s)", flush=True)
    return abs(got["nll"] - want) <= TOLERANCE


def conversation(folder):
    """Token ids of a conversation, where the model has a chat template."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer.chat_template:
        return True
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi – <b>\n"}, {"role": "assistant", "content": "Yes."}]
    want = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write(json.dumps({"messages": messages}))
        f.flush()
        got = program("tokenize", "--model", folder, "--text", f.name, "--apply-chat-template")["ids"]
    print(f"conversation: {len(want)} tokens, {'the same' if got == want else got}", flush=True)
    return got == want


def main(folder, data):
    name = os.path.basename(folder)
    files = sorted(glob.glob(f"{data}/{name}-*.jsonl"))
    calib = [f for f in files if "calib" in f]
    texts = [f for f in files if "calib" not in f]
    if not calib or not texts:
        sys.exit(f"{data} has no {name}-*calib*.jsonl and another {name}-*.jsonl")
    good = conversation(folder)
    for f in texts:
        good &= compare(f"{name} dense", folder, f)
    with tempfile.TemporaryDirectory() as dir:
        for i, flags in enumerate(filter(None, RUNS.split(";"))):
            out = f"{dir}/{i}"
            report = program("prune", "--model", folder, "--out", out, "--calib", calib[0], "--samples", CALIB, *flags.split())
            print(f"{name} {flags}: {report['totals']['sparsity']:.2%} zeros in {report['seconds']:.0f} s", flush=True)
            good &= compare(f"{name} {flags}", out, texts[0])
    if not good:
        sys.exit(f"{name}: a difference, see above")


main(os.path.normpath(sys.argv[1]), sys.argv[2])
