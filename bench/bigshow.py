"""A big show from a seed, for the benches of reading and reloading: a hundred fixtures and as many cues as are asked for.

One cue a line, as people write long shows: one to three groups, their intensity, often a colour, for heads a position; times,
a follow here and there, effects that start and stop. Everything in it is used, and nothing in it is wrong.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

KINDS = {  # name -> type, mode, how many, slots each
    "key": ("generic/dimmer", None, 24, 1),
    "wash": ("generic/rgbw", "drgbw", 32, 5),
    "spot": ("generic/spot", "10ch", 24, 10),
    "bar": ("generic/bar", "8-cell-dimmer", 12, 25),
    "par": ("generic/rgb", "drgb", 12, 4),
}
WITH_COLOUR = ("wash", "par", "bar", "rig", "left", "right")
COLOURS = 24
POSITIONS = 12


def venue(rng: np.random.Generator) -> str:
    """A hundred and four fixtures on six universes, in groups, with positions for the heads."""
    universe, slot = 1, 1
    fixtures = []
    for name, (type_, mode, count, size) in KINDS.items():
        at = []
        for _ in range(count):
            if slot + size - 1 > 512:
                universe, slot = universe + 1, 1
            at.append(f"{universe}/{slot}")
            slot += size
        universe, slot = universe + 1, 1
        mode_words = f"mode: {mode}, " if mode else ""
        fixtures.append(f"  {name}: {{type: {type_}, {mode_words}at: [{', '.join(at)}]}}")
    groups = [f"  {name}s: [{name}]\n  {name}-odd: [{name}.odd]\n  {name}-even: [{name}.even]" for name in KINDS]
    groups += ["  rig: [wash, par, spot]", "  left: [wash.1-16]", "  right: [wash.17-32]", "  cells: [bar.cells]"]
    positions = [
        f"  place-{i}: {{{', '.join(_head(head, rng) for head in range(1, KINDS['spot'][2] + 1))}}}" for i in range(POSITIONS)
    ]
    return "\n".join(
        [
            "showctl: 1",
            "kind: venue",
            "name: Big hall",
            f"universes: {{{', '.join(f'{n}: {{to: 127.0.0.1}}' for n in range(1, universe))}}}",
            "fixtures:",
            *fixtures,
            "groups:",
            *groups,
            "positions:",
            *positions,
            "",
        ]
    )


def _head(number: int, rng: np.random.Generator) -> str:
    return f"spot.{number}: {{pan: {rng.integers(-120, 121)}deg, tilt: {rng.integers(0, 91)}deg}}"


def show(cues: int, rng: np.random.Generator) -> str:
    """So many cues, one a line."""
    colours = ", ".join(f'colour-{i}: "#{rng.integers(0, 1 << 24):06x}"' for i in range(COLOURS))
    positions = ", ".join(f"look-{i}: place-{i}" for i in range(POSITIONS))
    lines = [
        "showctl: 1",
        "kind: show",
        "name: Long night",
        f"palettes:\n  colour: {{{colours}}}\n  position: {{{positions}}}",
        "effects:",
        "  chase: {shape: decay, param: intensity, every: 2 beats, chase: true, low: 10%, layer: scale}",
        "  sway: {shape: sine, param: pan, every: 4 bars, size: 20deg, spread: 180deg}",
        "cues:",
        *(_cue(number, rng) for number in range(1, cues + 1)),
        "",
    ]
    return "\n".join(lines)


def _cue(number: int, rng: np.random.Generator) -> str:
    kinds = rng.choice(list(KINDS), size=rng.integers(1, 4), replace=False)
    names = [kind + str(rng.choice(("s", "-odd", "-even"))) for kind in kinds]
    names = [str(rng.choice(("rig", "left", "right"))) if rng.random() < 0.1 and len(names) == 1 else name for name in names]
    sets = ", ".join(f"{name}: {{{_setting(name, rng)}}}" for name in names)
    more = [f"in: {rng.integers(0, 80) / 10}s"]
    more += [f"out: {rng.integers(10, 80) / 10}s"] if rng.random() < 0.4 else []
    more += [f"times: {{colour: {rng.integers(1, 9)}s}}"] if rng.random() < 0.3 else []
    more += ["curve: s"] if rng.random() < 0.2 else []
    more += [f"follow: {rng.integers(4, 40)}s"] if rng.random() < 0.1 else []
    if number % 40 == 5:
        more.append("start: {chase: cells, sway: spots}")
    if number % 40 == 25:
        more.append("stop: [chase, sway]")
    return f"  - {{cue: {number}, name: Line {number}, set: {{{sets}}}, {', '.join(more)}}}"


def _setting(name: str, rng: np.random.Generator) -> str:
    words = [f"intensity: {rng.integers(0, 101)}%"]
    if name.startswith(WITH_COLOUR) and rng.random() < 0.6:
        words.append(f"colour: colour-{rng.integers(0, COLOURS)}")
    if name.startswith("spot") and rng.random() < 0.6:
        words.append(f"position: look-{rng.integers(0, POSITIONS)}")
    return ", ".join(words)


def write(folder: Path, cues: int, seed: int = 1) -> tuple[Path, Path]:
    """Both files in a folder."""
    rng = np.random.default_rng(seed)
    paths = folder / "venue.yaml", folder / "show.yaml"
    paths[0].write_text(venue(rng))
    paths[1].write_text(show(cues, rng))
    return paths
