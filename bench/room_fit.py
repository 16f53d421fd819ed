#!/usr/bin/env python3
"""The equaliser's fit beside others on the same rooms: residual where no microphone was, summed boost, CPU time.

    python bench/room_fit.py --shared ../shared --rooms DIR [--rooms DIR ...] [--mics 6] [--orders 1]

Rooms are folders as bench/score_room.py in `shared` has them: an index.csv, or responses called ROOM_POSITION.flac. Two thirds
of the positions of a room, at most --mics, are fitted, the rest is where the residual is taken: dB RMS of the curve averaged
over them, against the house target, its level taken out. All get the same curves, ten bands, -12..+3 dB and Q 0.5..8 each.
`greedy`, `joint reference` and `bound` (the unlimited inverse of the fitted mean) are those of score_room. AutoEq runs where
it can be imported (pip install autoeq; nothing else here needs it): its own optimiser, on the mean, without its smoothing,
once with those limits and once as it comes (two shelves and eight peaks, its own limits). It has no limit on the sum; the last
column says what that costs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from showctl.analysis.room.devices import DEVICES
from showctl.analysis.room.fit import fit

Filters = list[dict[str, Any]]
Rooms = dict[str, np.ndarray]  # name -> (positions, points) dB over the target


def rooms_in(folders: list[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Every room with two positions or more, and its files."""
    for folder in folders:
        if (folder / "index.csv").exists():
            found: dict[str, list[Path]] = defaultdict(list)
            for row in shared_material.read_index(folder):
                found[row["group"]].append(row["path"])
        else:
            found = defaultdict(list)
            for path in sorted(folder.glob("*_*.flac")):
                found[path.stem.rpartition("_")[0]].append(path)
        yield from ((name, paths) for name, paths in sorted(found.items()) if len(paths) > 1)


def ours(device: str, bands: int) -> Callable[..., Filters]:
    """What showctl fits for a device."""

    def filters(at_fit: np.ndarray, _: np.ndarray) -> Filters:
        found = fit(shared.GRID, at_fit, device=DEVICES[device], bands=bands)
        return [{"type": one.kind, "freq": one.freq, "gain": one.gain, "q": one.q} for one in found.bands]

    return filters


def mean_of(at_fit: np.ndarray, band: np.ndarray) -> np.ndarray:
    return (at_fit - at_fit[:, band].mean(axis=1, keepdims=True)).mean(axis=0)


def greedy(at_fit: np.ndarray, band: np.ndarray) -> Filters:
    return shared.greedy_fit(mean_of(at_fit, band), band)


def joint(at_fit: np.ndarray, band: np.ndarray) -> Filters:
    """As score_room weights it."""
    from scipy.ndimage import uniform_filter1d

    variance = at_fit - at_fit[:, band].mean(axis=1, keepdims=True)
    spread = variance.var(axis=0, ddof=1) if len(at_fit) > 1 else np.full(len(shared.GRID), 4.0)
    return shared.joint_fit(mean_of(at_fit, band), band / (uniform_filter1d(spread, 25) / len(at_fit) + 1), band)


def autoeq(own_limits: bool) -> Callable[..., Filters]:
    """AutoEq's optimiser on the inverse of the mean; beyond the system band the curve goes on level."""

    def filters(at_fit: np.ndarray, band: np.ndarray) -> Filters:
        from autoeq.constants import PEQ_CONFIGS
        from autoeq.frequency_response import FrequencyResponse
        from autoeq.peq import PEQ

        heard = shared.GRID[band]
        freqs = FrequencyResponse.generate_frequencies(f_step=1.02)
        mean = mean_of(at_fit, band)
        wanted = -np.interp(np.log(freqs), np.log(heard), mean[band] - mean[band].mean())
        limits = {"min_gain": -12, "max_gain": 3, "min_q": 0.5, "max_q": 8, "min_fc": 20, "max_fc": 18_000}
        same = {"filters": [{"type": "PEAKING", **limits}] * 10}
        config = dict(PEQ_CONFIGS["8_PEAKING_WITH_SHELVES"] if own_limits else same)
        config["optimizer"] = {**config.get("optimizer", {}), "min_f": heard[0], "max_f": heard[-1]}
        found = PEQ.from_dict(config, freqs, shared_material.RATE, target=wanted)
        found.optimize()
        kinds = {"Peaking": "peaking", "LowShelf": "low_shelf", "HighShelf": "high_shelf"}
        return [
            {"type": kinds[type(one).__name__], "freq": float(one.fc), "gain": float(one.gain), "q": float(one.q)}
            for one in found.filters
        ]

    return filters


def methods() -> dict[str, Callable[..., Filters]]:
    found: dict[str, Callable[..., Filters]] = {"no equaliser": lambda *_: [], "greedy": greedy, "joint reference": joint}
    try:
        import autoeq as _  # noqa: F401
    except ImportError:
        print("AutoEq is not installed here: left out\n")
    else:
        found |= {"AutoEq, same limits": autoeq(False), "AutoEq as it comes": autoeq(True)}
    return found | {"showctl": ours("generic", 10), "showctl, x32 (6 bands)": ours("x32", 6)}


def table(title: str, rooms: Rooms, mics: int, orders: int, tried: dict[str, Callable[..., Filters]]) -> None:
    """Every method on every room, printed."""
    draw = np.random.default_rng(1)
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    bounds: list[float] = []
    for curves in rooms.values():
        for _ in range(orders):
            mixed = curves[draw.permutation(len(curves))]
            count = min(mics, max(1, min(len(mixed) - 1, round(len(mixed) * 2 / 3))))
            at_fit, held = mixed[:count], mixed[count:]
            band = shared.system_band(at_fit)
            mean = mean_of(at_fit, band)
            bounds.append(shared.residual(held, -(mean - mean[band].mean()) * band, band)[0])
            for name, method in tried.items():
                before = time.process_time()
                filters = method(at_fit, band)
                cpu = time.process_time() - before
                eq = shared.eq_db(filters)
                boost = float(shared.eq_db(filters, np.geomspace(20, 20_000, 4000)).max()) if filters else 0.0
                rows[name].append((shared.residual(held, eq, band)[0], shared.residual(at_fit, eq, band)[0], boost, cpu))
    print(f"{title}: {len(rooms)} rooms, {len(bounds)} fits, at most {mics} microphones fitted\n")
    print(
        f"{'':<24}{'held out':>9}{'x bound':>9}{'room sd':>9}{'worst x':>9}{'at fit':>8}{'boost max':>11}{'CPU s':>8}{'max':>7}"
    )
    for name, found in rows.items():
        left, fitted, boost, cpu = np.array(found).T
        ratio = left / np.array(bounds)
        print(
            f"{name:<24}{left.mean():>9.2f}{left.mean() / np.mean(bounds):>9.2f}{ratio.std():>9.2f}{ratio.max():>9.2f}"
            f"{fitted.mean():>8.2f}{boost.max():>+11.2f}{cpu.mean():>8.3f}{cpu.max():>7.2f}"
        )
    print(f"{'bound':<24}{np.mean(bounds):>9.2f}{1:>9.2f}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="where bench/room_curves.py is")
    parser.add_argument("--rooms", type=Path, action="append", required=True, help="a folder; give it once for each set")
    parser.add_argument("--mics", type=int, action="append", help="most microphones fitted; once for each table (default: 6)")
    parser.add_argument("--orders", type=int, default=1, help="random choices of the fitted positions, for each room")
    args = parser.parse_args()
    global shared, shared_material
    sys.path.insert(0, str(args.shared / "bench"))
    import room_curves as shared
    import room_material as shared_material

    tried = methods()
    for folder in args.rooms:
        rooms = {
            name: np.array([shared.response_db(shared_material.read_mono(path)) for path in paths]) - shared.house_db(shared.GRID)
            for name, paths in rooms_in([folder])
        }
        for mics in args.mics or [6]:
            table(folder.name, rooms, mics, args.orders, tried)


if __name__ == "__main__":
    main()
