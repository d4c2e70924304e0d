#!/usr/bin/env python3
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
"""Training speed beside PyTorch eager, in one run on one machine.

    python compare_pytorch.py [--moe build/release/bin/moe] [--rounds 3] [--shapes small,mid] [--precisions float32,bfloat16]

For each shape and precision the two take turns, ROUNDS times; the best round of each counts. Beside them stands the
machine's own matmul rate (oneDNN's, by onednn_rate), and the share of it that a whole step of ours reaches, counted as
contract section 4 counts MFU. Needs torch and numpy.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import torch

SHAPES = {
    "small": dict(hidden=256, ffn=512, layers=6, heads=4, vocab=8192),
    "mid": dict(hidden=512, ffn=1408, layers=8, heads=8, vocab=16384),
}
EXPERTS, TOP_K, CAPACITY, SEQUENCE, SEQUENCES = 16, 2, 1.25, 256, 8


class Attention(torch.nn.Module):
    def __init__(self, h, heads):
        super().__init__()
        self.heads = heads
        self.qkv = torch.nn.Linear(h, 3 * h, bias=False)
        self.o = torch.nn.Linear(h, h, bias=False)

    def forward(self, x, cos, sin):
        b, s, h = x.shape
        q, k, v = self.qkv(x).view(b, s, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)

        def rotate(t):
            first, second = t.chunk(2, -1)
            return torch.cat([first * cos - second * sin, second * cos + first * sin], -1).to(v.dtype)

        y = torch.nn.functional.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        return self.o(y.transpose(1, 2).reshape(b, s, h))


class Experts(torch.nn.Module):
    """Capacity with drop by probability, one loop over the experts: the usual eager form."""

    def __init__(self, h, f):
        super().__init__()
        self.router = torch.nn.Linear(h, EXPERTS, bias=False)
        # A parameter an expert, as in transformers: slices of one tensor would each get a gradient of the whole.
        self.w1, self.w3, self.w2 = (
            torch.nn.ModuleList(torch.nn.Linear(i, o, bias=False) for _ in range(EXPERTS)) for i, o in ((h, f), (h, f), (f, h)))

    def forward(self, x):
        tokens = x.shape[0]
        with torch.autocast("cpu", enabled=False):
            z = torch.nn.functional.linear(x.float(), self.router.weight)
            z = (z - z.mean(-1, keepdim=True)) / z.std(-1, keepdim=True)
            g = z.softmax(-1)
        p, chosen = g.topk(TOP_K, dim=-1)
        weights = p / p.sum(-1, keepdim=True)
        capacity = -(-CAPACITY * tokens * TOP_K // EXPERTS)
        y = torch.zeros_like(x)
        for e in range(EXPERTS):
            token, choice = (chosen == e).nonzero(as_tuple=True)
            if token.numel() > capacity:
                keep = p[token, choice].topk(int(capacity)).indices
                token, choice = token[keep], choice[keep]
            rows = x[token]
            inner = torch.nn.functional.silu(self.w1[e](rows)) * self.w3[e](rows)
            y.index_add_(0, token, self.w2[e](inner).to(y.dtype) * weights[token, choice, None].to(y.dtype))
        return y, ((1 / EXPERTS - g.mean(0)) ** 2).sum()


class Model(torch.nn.Module):
    def __init__(self, hidden, ffn, layers, heads, vocab):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, hidden)
        self.blocks = torch.nn.ModuleList(
            torch.nn.ModuleDict(dict(n1=torch.nn.RMSNorm(hidden), a=Attention(hidden, heads), n2=torch.nn.RMSNorm(hidden),
                                     m=Experts(hidden, ffn))) for _ in range(layers))
        self.norm = torch.nn.RMSNorm(hidden)
        self.head = torch.nn.Linear(hidden, vocab, bias=False)
        dim = hidden // heads
        angles = torch.arange(SEQUENCE)[:, None] * 10000.0 ** (-torch.arange(0, dim, 2) / dim)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids, targets):
        x, aux = self.embed(ids), 0
        for block in self.blocks:
            x = x + block["a"](block["n1"](x), self.cos, self.sin)
            y, a = block["m"](block["n2"](x).flatten(0, 1))
            x, aux = x + y.view_as(x), aux + a
        return torch.nn.functional.cross_entropy(self.head(self.norm(x)).float().flatten(0, 1), targets.flatten()) + 0.01 * aux


def torch_rate(shape, precision, steps):
    torch.manual_seed(1)
    model = Model(**SHAPES[shape])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    ids = torch.randint(SHAPES[shape]["vocab"], (SEQUENCES, SEQUENCE + 1))
    best = float("inf")
    for _ in range(steps + 1):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = model(ids[:, :-1], ids[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        best = min(best, time.perf_counter() - start)
    return SEQUENCES * SEQUENCE / best


def matmul_rates(tool):
    """oneDNN's own rate and our projection's, operations a second: {precision: {"onednn", "ours"}}."""
    return json.loads(subprocess.run([tool, "--json"], check=True, capture_output=True, text=True).stdout)


def flops_per_token(hidden, ffn, layers, heads, vocab):
    attention, router, experts = 4 * hidden * hidden, EXPERTS * hidden, TOP_K * 3 * hidden * ffn
    return 6 * (layers * (attention + router + experts) + vocab * hidden) + 6 * layers * hidden * SEQUENCE


def write_run(folder, shape, precision):
    s = SHAPES[shape]
    rng = np.random.default_rng(1)
    tokens = rng.integers(s["vocab"], size=SEQUENCES * SEQUENCE * 64 + 1, dtype=np.uint16)
    tokens.astype("<u2").tofile(folder / "train.bin")
    import struct
    (folder / "train.idx").write_bytes(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, 1, 2) + struct.pack("<iqqq", len(tokens), 0, 0, 1))
    (folder / "run.json").write_text(json.dumps({
        "name": f"bench {shape}", "data": {"train": "train"}, "sequence_length": SEQUENCE, "micro_batch_size": SEQUENCES,
        "global_batch_size": SEQUENCES, "train_steps": 1000, "precision": precision,
        "model": {"architectures": ["SkyworkForCausalLM"], "model_type": "skywork", "vocab_size": s["vocab"], "hidden_size": s["hidden"],
                  "intermediate_size": s["ffn"], "num_hidden_layers": s["layers"], "num_attention_heads": s["heads"],
                  "num_key_value_heads": s["heads"], "num_experts": [EXPERTS], "num_experts_per_tok": TOP_K, "moe_use_logits_norm": True,
                  "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": SEQUENCE, "tie_word_embeddings": False},
        "optimizer": {"name": "adamw", "lr": 1e-3, "warmup_steps": 10},
        "moe": {"capacity_factor": CAPACITY, "aux_loss": "skywork", "aux_coeff": 0.01}}))
    return folder / "run.json"


def moe_rate(moe, run, steps):
    out = subprocess.run([moe, "bench", "train", str(run), "--steps", str(steps), "--json"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["tokens_per_second"]


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moe", default=str(here / "build/release/bin/moe"))
    parser.add_argument("--onednn-rate", default=str(here / "build/release/bin/onednn_rate"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--shapes", default="small,mid")
    parser.add_argument("--precisions", default="float32,bfloat16")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("| shape | precision | moe tokens/s | PyTorch tokens/s | ratio | oneDNN GFLOP/s | share of it |")
    print("|---|---|---|---|---|---|---|")
    for shape in options.shapes.split(","):
        for precision in options.precisions.split(","):
            with tempfile.TemporaryDirectory() as folder:
                run = write_run(pathlib.Path(folder), shape, precision)
                ours = theirs = peak = 0
                for _ in range(options.rounds):
                    ours = max(ours, moe_rate(options.moe, run, options.steps))
                    theirs = max(theirs, torch_rate(shape, precision, options.steps))
                    peak = max(peak, matmul_rates(options.onednn_rate)[precision]["onednn"])
            share = ours * flops_per_token(**SHAPES[shape]) / peak
            print(f"| {shape} | {precision} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} | {peak / 1e9:.0f} | {share:.0%} |", flush=True)


if __name__ == "__main__":
    main()
