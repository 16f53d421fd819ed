"""From checkpoints to the plain arrays that the ear reads, and what nets say about recordings.

    python -m training.export CHECKPOINT... --out showctl/analysis/hearing/weights.npz
    python -m training.export CHECKPOINT... --activations FOLDER --data SHARD [--names a,b]

Several checkpoints of one shape listen together. Mean and scale of the training are folded into the first layer; weights are
kept as half floats. Activations are written by the numpy net, one .npz a piece (`beat`, `down`, `music`, `tempo`, a row a
hop): what bench/decode.py tunes the tracker on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from showctl.analysis.hearing.net import HOPS, Net
from showctl.analysis.hearing.spectrum import Flux, View
from training.features import Example, read

SURER = 1.15  # nets that agree know more than their mean says


def arrays(checkpoint: Path) -> dict[str, np.ndarray]:
    """One net, as half floats."""
    state = {name: t.double().numpy() for name, t in torch.load(checkpoint)["model"].items()}
    mean, scale = np.tile(state["mean"], HOPS), np.tile(state["scale"], HOPS)
    out = {"in": state["inward.weight"] * scale, "in_bias": state["inward.bias"] - state["inward.weight"] @ (mean * scale)}
    layer = 0
    while f"memory.weight_ih_l{layer}" in state:
        both = np.hstack([state[f"memory.weight_{way}_l{layer}"] for way in ("ih", "hh")])
        bias = state[f"memory.bias_ih_l{layer}"] + state[f"memory.bias_hh_l{layer}"]
        out |= {f"{layer}": _ordered(both), f"{layer}_bias": _ordered(bias)}
        layer += 1
    out |= {"out": state["out.weight"], "out_bias": state["out.bias"]}
    return {name: array.astype(np.float16) for name, array in out.items()}


def _ordered(gates: np.ndarray) -> np.ndarray:
    """Torch's order of the gates (let in, keep, new, let out) -> Net's, which halves what is a share."""
    into, keep, new, out = np.split(gates, 4)
    return np.concatenate([into / 2, keep / 2, out / 2, new])


def together(checkpoints: list[Path]) -> dict[str, np.ndarray]:
    """Several nets of one shape, as Net takes them: the mean of what they say of beats is raised by SURER."""
    each = [arrays(path) for path in checkpoints]
    weights = {name: np.stack([one[name] for one in each]) for name in each[0]}
    if len(each) > 1:
        for name in ("out", "out_bias"):
            weights[name][:, : 3 * HOPS] *= np.float16(SURER)
    return weights


def say(net: Net, example: Example) -> dict[str, np.ndarray]:
    """What the net says of each hop of a piece, from the first on."""
    net.reset()
    flux = Flux(View.COUNT, 2)
    heard = [one for frame in example.frames.astype(np.float32) for one in net.feed(frame, flux.feed(frame))]
    return {key: np.array([getattr(h, key) for h in heard], np.float32) for key in ("beat", "down", "music", "tempo")}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoints", type=Path, nargs="+")
    p.add_argument("--out", type=Path)
    p.add_argument("--activations", type=Path)
    p.add_argument("--data", type=Path, help="a shard")
    p.add_argument("--names", help="only these, with a comma between")
    args = p.parse_args()
    weights = together(args.checkpoints)
    if args.out:
        np.savez(args.out, **weights)  # half floats hardly shrink, and the ear starts sooner
        print(f"{sum(w.size for w in weights.values())} weights, {args.out.stat().st_size / 1000:.0f} kB")
    if args.activations:
        args.activations.mkdir(parents=True, exist_ok=True)
        wanted = set(args.names.split(",")) if args.names else None
        for example in read(args.data):
            if wanted is None or example.name in wanted:
                np.savez(args.activations / f"{example.name}.npz", fps=100, **say(Net(weights), example))


if __name__ == "__main__":
    main()
