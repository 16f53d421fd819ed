"""What effects cost: CPU of laying all that runs over the look, one frame after the other, from a seed.

    python bench/effects.py [--frames 400] [--seed 1]

The big rig is 512 universes, 262,144 parameters, effects on a quarter of them: as 8 big effects and as 200 of 330, of mixed
shapes, layers, orders, spreads and syncs, over every fourth parameter (the reds of pars of four slots) or, `scattered`, over
parameters drawn by chance; some lie over others. `one kind` rows are 200 of 330 of one shape each. The small rigs are what
most shows are. "median" and "worst" are of single frames, "new set" is a frame after another effect began: then columns and
rows are put side by side anew. Microseconds of CPU.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from showctl.model import BeatGrid, Features, Section
from showctl.plan import Category, Cue, CueList, Effect, EffectStart, Parameter, Plan, Span
from showctl.show.beatclock import BeatClock
from showctl.show.heard import Heard
from showctl.show.running import Effects, View

RATE = 44
CHANNELS = 512 * 512
SHAPES = ("sine", "ramp", "pulse", "decay", "random", "step")
LAYERS = ("scale", "replace", "add", "max")
ORDERS = ("forward", "reverse", "centre-out", "outside-in", "random")


def mixed(rng: np.random.Generator, i: int, shape: str = "") -> Effect:
    """An effect of any kind."""
    kind = rng.integers(4)
    return Effect(
        f"e{i}",
        shape or SHAPES[i % len(SHAPES)],  # type: ignore[arg-type]
        "red",
        sync=("beat", "beat", "beat", "free", "energy", "onset")[rng.integers(6)] if not shape else "beat",  # type: ignore[arg-type]
        every=Span(float(rng.choice([0.5, 1.0, 2.0, 4.0])), "beat"),
        low=0.1,
        high=0.9,
        layer=LAYERS[i % len(LAYERS)],  # type: ignore[arg-type]
        length=0.5,
        chase=bool(kind == 0),
        parts=int(rng.integers(2, 9)) if kind == 1 else 0,
        spread=1.0 if kind == 2 else 0.0,
        segments=int(rng.choice([0, 0, 4])),
        order=ORDERS[rng.integers(5)],  # type: ignore[arg-type]
        swing=float(rng.choice([0.5, 0.6])),
    )


def rig(channels: int, effects: int, of: int, seed: int, shape: str = "", scattered: bool = False) -> Plan:
    """A plan that starts so many effects of so many parameters each, half of the later ones over earlier ones."""
    rng = np.random.default_rng(seed)
    every = max(1, channels // (effects * of))
    pool = np.arange(0, channels, every)[: effects * of]
    if scattered:
        pool = np.sort(rng.choice(channels, len(pool), replace=False))
    starts, made = [], []
    for i in range(effects):
        at = int(rng.integers(0, max(1, len(pool) - of + 1))) if i % 4 == 3 else i * of
        made.append(mixed(rng, i, shape))
        starts.append(EffectStart(f"e{i}", tuple((int(p),) for p in pool[at : at + of])))
    one = Parameter("par", 0, "red", Category.COLOUR)
    cue = Cue(number=1, starts=tuple(starts))  # type: ignore[arg-type]
    return Plan((one,) * channels, lists=(CueList("main", (cue,)),), effects=tuple(made))


def measured(plan: Plan, frames: int) -> tuple[float, float, float]:
    """Microseconds a frame: median, worst, and after a new effect."""
    effects, clock, heard = Effects(plan), BeatClock(), Heard()
    starts = plan.lists[0].cues[0].starts

    def word(t: float) -> None:
        nonlocal clock, heard
        index = int(t / 0.484) + 1
        grid = BeatGrid(index * 0.484, index, 0.484, 1 + index % 4, 4, 0.9)
        clock = clock.heard(t, grid)
        heard = heard.after(t, Features(t, -14.0, (-20.0, -20.0, -25.0), 0.5, 1.0, grid, Section.STEADY))

    def view(t: float) -> View:
        return View(t, t, clock.position(t), clock, heard)

    word(0.0)
    for k, start in enumerate(starts):
        effects.start(start, 0, k, view(0.0))
    rng = np.random.default_rng(1)
    look = rng.random(len(plan.parameters)).astype(np.float32)
    out = look.copy()
    spent = []
    for i in range(frames + 20):
        t = 1.0 + i / RATE
        if i % 4 == 0:
            word(t)
        np.copyto(out, look)
        now = view(t)
        spent.append(cpu(lambda now=now: effects.lay_over(out, [now], now, {})))  # type: ignore[misc]
    fresh = []
    for k in range(9):
        now = view(t)
        effects.stop(0, f"e{k % len(starts)}", now)
        effects.start(starts[k % len(starts)], 0, 1000 + k, now)
        fresh.append(cpu(lambda now=now: effects.lay_over(out, [now], now, {})))  # type: ignore[misc]
    return statistics.median(spent[20:]), max(spent[20:]), statistics.median(fresh)


def cpu(work: Callable[[], None]) -> float:
    """Microseconds of CPU."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{'effects':34s} {'median us':>10s} {'worst us':>10s} {'new set us':>11s}")
    rows: list[tuple[str, tuple[int, int, int], str, bool]] = [
        ("8 of 8192, mixed", (CHANNELS, 8, 8192), "", False),
        ("200 of 330, mixed", (CHANNELS, 200, 330), "", False),
        ("8 of 8192, mixed, scattered", (CHANNELS, 8, 8192), "", True),
        ("200 of 330, mixed, scattered", (CHANNELS, 200, 330), "", True),
        *((f"200 of 330, {shape}", (CHANNELS, 200, 330), shape, False) for shape in SHAPES[:5]),
        ("5 of 10, mixed", (256, 5, 10), "", False),
        *((f"5 of 10, {shape}", (256, 5, 10), shape, False) for shape in SHAPES[:5]),
        ("1 of 10, sine", (64, 1, 10), "sine", False),
    ]
    for name, size, shape, scattered in rows:
        median, worst, fresh = measured(rig(*size, args.seed, shape, scattered), args.frames)
        print(f"{name:34s} {median:10.0f} {worst:10.0f} {fresh:11.0f}")


if __name__ == "__main__":
    main()
