"""The nets' step against the equations as they are printed, one number at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.analysis.hearing.net import HOPS, TEMPI, Heard, Net
from showctl.analysis.hearing.weights import weights

Floats = NDArray[np.float64]
SIZE, WIDTH, NETS = 5, 4, 2  # bands, units of a layer


def made_up(seed: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    said = 3 * HOPS + 1 + TEMPI
    shapes: dict[str, tuple[int, ...]] = {
        "in": (WIDTH, HOPS * 2 * SIZE),
        "in_bias": (WIDTH,),
        "out": (said, WIDTH),
        "out_bias": (said,),
    }
    for layer in ("0", "1"):
        shapes |= {layer: (4 * WIDTH, 2 * WIDTH), f"{layer}_bias": (4 * WIDTH,)}
    return {name: rng.normal(0, 0.7, (NETS, *shape)).astype(np.float32) for name, shape in shapes.items()}


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def by_the_book(w: dict[str, Floats], frames: list[Floats]) -> Floats:
    """(steps, what is said) of one net: i, f, o = logistic, g = tanh; c = f c + i g; h = o tanh(c)."""
    h, c = [[0.0] * WIDTH for _ in range(2)], [[0.0] * WIDTH for _ in range(2)]
    said = []
    for step in range(0, len(frames), HOPS):
        x = list(np.maximum(w["in"] @ np.concatenate(frames[step : step + HOPS]) + w["in_bias"], 0))
        for n in (0, 1):
            z = w[f"{n}"] @ np.array(x + h[n]) + w[f"{n}_bias"]
            for u in range(WIDTH):
                i, f, o = (logistic(2 * z[gate * WIDTH + u]) for gate in range(3))  # their weights are kept halved
                c[n][u] = f * c[n][u] + i * math.tanh(z[3 * WIDTH + u])
                h[n][u] = o * math.tanh(c[n][u])
            x = list(h[n])
        said.append(w["out"] @ np.array(x) + w["out_bias"])
    return np.array(said)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_step_is_what_the_books_print(seed: int) -> None:
    w, rng = made_up(seed), np.random.default_rng(seed)
    net, frames, heard = Net(w), [], list[Heard]()
    for _ in range(20):
        compressed, rise = rng.normal(0, 1, (2, SIZE)).astype(np.float32)
        frames.append(np.concatenate([compressed, rise]).astype(float))
        heard += net.feed(compressed, rise)
    said = np.mean([by_the_book({k: v[n].astype(float) for k, v in w.items()}, frames) for n in range(NETS)], axis=0)
    odds = np.exp(said[:, : 3 * HOPS].reshape(-1, 3))
    share = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose([one.beat for one in heard], share[:, 1] + share[:, 2], atol=1e-5)
    np.testing.assert_allclose([one.down for one in heard], share[:, 2], atol=1e-5)
    np.testing.assert_allclose([one.music for one in heard[::HOPS]], [logistic(x) for x in said[:, 3 * HOPS]], atol=1e-5)
    tempo = said[:, 3 * HOPS + 1 :]
    np.testing.assert_allclose(heard[-1].tempo, tempo[-1] - np.log(np.exp(tempo[-1]).sum()), atol=1e-4)


def test_reset_forgets_everything() -> None:
    net, rng = Net(made_up(3)), np.random.default_rng(3)
    frames = rng.normal(0, 1, (8, 2, SIZE)).astype(np.float32)
    first = [one.beat for compressed, rise in frames for one in net.feed(compressed, rise)]
    net.reset()
    assert [one.beat for compressed, rise in frames for one in net.feed(compressed, rise)] == first


def test_what_was_learned_is_finite_and_of_one_shape() -> None:
    learned = weights("weights.npz")
    assert all(np.isfinite(array).all() for array in learned.values())
    assert len({len(array) for array in learned.values()}) == 1
