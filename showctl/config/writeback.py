"""What is held by hand becomes a palette of the show file, or a position of the venue file: the reason to keep shows as text.

    colour NAME      the colour that is held: "#rrggbb" where every held fixture shows just that, else levels of its emitters
    intensity NAME   the level          beam NAME   the parameters of the beam, by label where they are held at one
    position NAME    the angles of each held head, in the position of the venue that NAME is, or that the palette NAME calls up

One value in the text changes (`surgery`), and nothing else: comments, order and layout stay. The new text is tried first: both
files are read with it and compiled, and the palette must then give the held fixtures what they are held at. Only a text that
passes replaces the file, at once and whole; the one before it is kept beside it as FILE.bak. A palette is one look for
everybody, so fixtures that are held differently are refused, as is whatever would need a guess.

`python -m showctl.config.writeback` does it for the daemon, in a process of its own, because to read a show takes longer than a
tick may wait: {"venue": PATH, "show": PATH, "palette": "colour blood", "held": {KEY: VALUE}} on standard input, and on standard
output {"ok": true, "text": SENTENCE}, or false and why not.
"""

from __future__ import annotations

import colorsys
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from showctl.rank import USUAL, give_way

if __name__ == "__main__":
    give_way(USUAL)  # before what follows is loaded, which would take its time at the daemon's own rank

from showctl.config import colour, values
from showctl.config.lint.names import MISREAD
from showctl.config.load import attempt
from showctl.config.surgery import Text
from showctl.config.tree import Node, Report, parse
from showctl.config.values import Bad
from showctl.config.words import MIXING, Words
from showctl.fixtures.model import labelled
from showctl.model import Problem
from showctl.plan import Category, Parameter, Plan

Held: TypeAlias = list[tuple[Parameter, float]]
Way: TypeAlias = tuple[str, ...]

STEP = 0.51 / 255  # 0..1 that rounding may move a level
TURN = 0.06  # degrees that it may move an angle
_PLAIN = re.compile(r"[A-Za-z][A-Za-z -]*[A-Za-z]")  # a label that YAML takes for text, but for MISREAD


def write(venue: Path, show: Path, palette: str, held: Mapping[str, float]) -> str:
    """Put what is held into a palette; -> a sentence that says what was written where. Bad if that cannot be."""
    before = attempt(venue, show)
    if before.loaded is None:
        raise Bad("E-write", f"the files have mistakes, mend them first: {_worst(before.problems)}")
    plan = before.loaded.plan
    kind, name = find(plan, palette)
    hands = [(p, held[p.key]) for p in plan.parameters if p.key in held and p.category is kind]
    hands = [(p, v) for p, v in hands if kind is not Category.COLOUR or p.name in MIXING]
    if not hands:
        raise Bad("E-write", f"no {kind.value} is held: hold it first, and then write it back")
    path, data, way = _place(before.loaded.files, kind, name)
    text = Text(data.decode("utf-8-sig"))
    if kind is Category.COLOUR:
        _colour(text, way, hands, plan)
    elif kind is Category.POSITION:
        _position(text, way, hands, Words(plan))
    elif kind is Category.INTENSITY:
        text.put(way, percent(_agreed(hands)["intensity"]))
    else:
        for parameter, value in _agreed(hands).items():
            text.put((*way, parameter), _label(plan, parameter, value) or percent(value))
    after = data[:3] * data.startswith(BOM) + text.text.encode()
    if after == data:
        return f"{path}: {kind.value} `{name}` is that already"
    _try(venue, show, {os.path.abspath(path): after}, (kind, name), hands)
    _replace(path, data, after)
    return f"{path}: {kind.value} `{name}` is written; the file before is {path.name}.bak"


BOM = b"\xef\xbb\xbf"
KINDS = {c.value: c for c in (Category.INTENSITY, Category.COLOUR, Category.POSITION, Category.BEAM)}


def find(plan: Plan, asked: str) -> tuple[Category, str]:
    """`colour blood`, or `blood` where only one palette is called so; Bad if none is."""
    kind, _, name = asked.strip().rpartition(" ")
    known = [(one.category, one.name) for one in plan.palettes if one.category in KINDS]
    found = [(c, n) for c, n in known if n == name and kind.strip() in ("", c)]
    if len(found) == 1:
        return KINDS[found[0][0]], name
    if found:
        raise Bad("E-write", f"`{name}` is {' and '.join(c for c, _ in found)}: write `{found[0][0]} {name}`")
    if any(one.category == "preset" and one.name == name for one in plan.palettes):
        raise Bad("E-write", f"`{name}` is a preset, which calls up palettes: write one of those")
    near = values.did_you_mean(name, [n for _, n in known])
    raise Bad("E-write", f"no palette is called `{asked[:80]}`{near}: write one that the show has, like `colour blood`")


# --- where it is written -----------------------------------------------------------------------------------------------


def _place(files: tuple[Path, ...], kind: Category, name: str) -> tuple[Path, bytes, Way]:
    """The file that the palette stands in, what is in it, and the way there."""
    texts = [(path, path.read_bytes()) for path in files if path.suffix in (".yaml", ".yml")]
    trees = [(path, data, parse(data, str(path), Report())) for path, data in texts]
    if kind is Category.POSITION:
        called = [_at(tree, ("palettes", "position", name)) for _, _, tree in trees]
        target = next((node.value for node in called if node is not None and isinstance(node.value, str)), name)
        way: Way = ("positions", target)
    else:
        way = ("palettes", kind.value, name)
    for path, data, tree in trees:
        if _at(tree, way) is not None:
            return path, data, way
    if kind is Category.POSITION:
        raise Bad("E-write", f"`{name}` is a point of the room, that every head finds from its place: move the point by hand")
    raise Bad("E-write", f"no file of this show has {kind.value} `{name}`")


def _at(tree: Node | None, way: Way) -> Node | None:
    node, found = tree.find(way) if tree is not None else (None, ())
    return node if found == way else None


# --- what is written ---------------------------------------------------------------------------------------------------


def percent(value: float) -> str:
    """0..1 as a level of a file, to a tenth of a percent."""
    return f"{100 * value:.1f}".removesuffix(".0") + "%"


def angle(p: Parameter, value: float) -> str:
    """0..1 as an angle to a tenth of a degree; as a level where nobody knows the angles."""
    if p.degrees is None:
        return percent(value)
    low, high = p.degrees
    return f"{round(low + value * (high - low), 1) + 0.0:.1f}".removesuffix(".0") + "deg"


def _agreed(hands: Held) -> dict[str, float]:
    """The value of each parameter by name; Bad where fixtures are held differently."""
    found: dict[str, tuple[float, Parameter]] = {}
    for p, value in hands:
        first, other = found.setdefault(p.name, (value, p))
        if abs(first - value) > STEP:
            both = f"{other.key} at {percent(first)} and {p.key} at {percent(value)}"
            raise Bad("E-write", f"a palette is one look, and held are {both}: let go of one")
    return {name: value for name, (value, _) in found.items()}


def _label(plan: Plan, name: str, value: float) -> str:
    """The label that is this value to every fixture that a palette reaches by this parameter; "" if there is none."""
    reached = [p for p in plan.parameters if p.name == name]
    for label, own in reached[0].labels:
        if own == value and all(labelled(p.labels, label) == value for p in reached):
            return label if _PLAIN.fullmatch(label) and label.casefold() not in MISREAD else json.dumps(label, ensure_ascii=False)
    return ""


def _colour(text: Text, way: Way, hands: Held, plan: Plan) -> None:
    sources: dict[tuple[str, int], dict[str, float]] = {}
    for p, value in hands:
        sources.setdefault((p.fixture, p.cell), {})[p.name] = value
    for p in plan.parameters:
        mine = sources.get((p.fixture, p.cell))
        if mine is not None and p.category is Category.COLOUR and p.name in MIXING and p.name not in mine:
            raise Bad("E-write", f"of {p.fixture} {', '.join(mine)} is held and {p.name} is not: hold its whole colour")
    shown = {digits(levels) for levels in sources.values()}
    if not text.keys(way) and len(shown) == 1 and None not in shown:
        text.put(way, f'"#{shown.pop()}"')
        return
    levels, there = _agreed(hands), text.keys(way)
    wanted = {name: percent(value) for name, value in levels.items() if value > STEP or name in there}
    for name, level in wanted.items() if there else ():
        text.put((*way, name), level)
    if not there:
        wanted = wanted or {next(iter(levels)): "0%"}
        text.put(way, f"{{{', '.join(f'{name}: {value}' for name, value in wanted.items())}}}")


def digits(levels: Mapping[str, float]) -> str | None:
    """The six digits of a colour that gives just these levels, None if none does."""
    if {"red", "green", "blue"} <= levels.keys():
        white = levels.get("white", levels.get("cold-white", 0.0))
        rgb = [levels[name] + white for name in ("red", "green", "blue")]
    elif {"cyan", "magenta", "yellow"} <= levels.keys():
        rgb = [1.0 - levels[name] for name in ("cyan", "magenta", "yellow")]
    elif {"hue", "saturation"} <= levels.keys():
        rgb = list(colorsys.hsv_to_rgb(levels["hue"], levels["saturation"], 1.0))
    else:
        return None
    said = "".join(f"{min(255, round(255 * level)):02x}" for level in rgb)
    made = colour.mix(values.tint(f"#{said}"), frozenset(levels))
    return said if all(abs(made.get(name, 0.0) - value) <= STEP for name, value in levels.items()) else None


def _position(text: Text, way: Way, hands: Held, words: Words) -> None:
    """Into the line of each head, or that of several that are all held alike; else into a line of its own behind the others."""
    heads: dict[str, dict[str, str]] = {}
    for p, value in hands:
        heads.setdefault(p.fixture, {})[p.name] = angle(p, value)
    alone = dict(heads)
    for target in text.keys(way):
        chosen = words.named(target)
        angles = heads.get(chosen[0])
        if angles is None or any(heads.get(fixture) != angles for fixture in chosen):
            continue
        for name, said in angles.items():
            text.put((*way, target, name), said)
        for fixture in chosen:
            alone.pop(fixture, None)
    for fixture, angles in alone.items():
        text.put((*way, fixture), angles)


# --- tried, then written -------------------------------------------------------------------------------------------------


def _try(venue: Path, show: Path, instead: dict[str, bytes], palette: tuple[Category, str], hands: Held) -> None:
    """Bad unless the files, read with the new text, are right and give the held fixtures what they are held at."""
    made = attempt(venue, show, instead)
    if made.loaded is None:
        raise Bad("E-write", f"that would be a mistake, so nothing is written: {_worst(made.problems)}")
    plan = made.loaded.plan
    look = next(dict(one.values) for one in plan.palettes if (one.category, one.name) == palette)
    given = {plan.parameters[p].key: value for p, value in look.items()}
    for p, value in hands:
        near = TURN / abs(p.degrees[1] - p.degrees[0]) if p.degrees else STEP
        if abs(given.get(p.key, -1.0) - value) > near:
            said = angle(p, given[p.key]) if p.key in given else "nothing"
            raise Bad("E-write", f"another line of `{palette[1]}` gives {p.key} {said}, not {angle(p, value)}: change it by hand")


def _worst(problems: tuple[Problem, ...]) -> Problem:
    return next(problem for problem in problems if problem.severity == "error")


def _replace(path: Path, before: bytes, after: bytes) -> None:
    """The new file for the old one, whole and on the disk; the old one becomes FILE.bak."""
    real = path.resolve()  # a link stays a link
    new = real.with_name(f".{real.name}.new")
    try:
        with new.open("wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(real, new)
        with suppress(PermissionError):  # who may not give files away writes his own
            os.chown(new, real.stat().st_uid, real.stat().st_gid)
        shutil.copy2(real, real.with_name(f"{real.name}.bak"))
        if real.read_bytes() != before:
            raise Bad("E-write", f"{path} has changed meanwhile: nothing is written, try again")
        new.replace(real)
    except OSError as error:
        raise Bad("E-write", f"{path} cannot be written ({error.strerror}): it stays as it is") from error
    finally:
        new.unlink(missing_ok=True)


def main() -> None:
    """One job from standard input, its answer on standard output."""
    job = json.load(sys.stdin)
    try:
        answer = {"ok": True, "text": write(Path(job["venue"]), Path(job["show"]), job["palette"], job["held"])}
    except Bad as bad:
        answer = {"ok": False, "text": str(bad)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
