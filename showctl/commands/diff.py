"""`showctl diff A B [VENUE CUES]`: what a change of the cue file does to the light, from two renders.

Exit code 0 if they are the same, 1 if they differ, 2 for wrong use or a folder that holds no render, 78 for bad files.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from showctl.compare import Compared, Difference, Fired
    from showctl.plan import Plan

SAME, DIFFER, WRONG_USE, CANNOT_RUN = 0, 1, 2, 78
LINES = 60


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("a", type=Path, metavar="A", help="a folder that `showctl render --out` wrote")
    parser.add_argument("b", type=Path, metavar="B", help="another one")
    parser.add_argument("files", type=Path, nargs="*", metavar="VENUE CUES", help="names and levels instead of slots")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw it: fixtures by time")
    parser.add_argument("--json", action="store_true", help="everything, as one JSON object")
    parser.add_argument("--all", action="store_true", help=f"every line, not the first {LINES}")


def run(args: argparse.Namespace) -> int:
    """Compare and say what differs."""
    from showctl.compare import NoRender, Render, compare
    from showctl.model import ConfigError

    if len(args.files) not in (0, 2):
        print("showctl diff: name both files, VENUE CUES, or none (try: showctl diff --help)", file=sys.stderr)
        return WRONG_USE
    try:
        plan = _plan(args.files)
        a, b = Render(args.a), Render(args.b)
        found = compare(a, b, plan)
        if args.picture is not None:
            from showctl.picture import draw

            args.picture.write_text(draw(found, a, b, plan), encoding="utf-8")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN
    except NoRender as error:
        print(f"showctl diff: {error}", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        print(f"showctl diff: {error.filename or args.a}: {error.strerror or error}", file=sys.stderr)
        return WRONG_USE
    if args.json:
        print(as_json(found))
    else:
        lines = words(found) if found.differ else ["no difference"]
        shown = lines if args.all else lines[:LINES]
        print("\n".join(shown))
        if len(shown) < len(lines):
            print(f"... and {len(lines) - len(shown)} lines more (--all)")
    return DIFFER if found.differ else SAME


def _plan(files: list[Path]) -> Plan | None:
    if not files:
        return None
    from showctl.config.load import load

    return load(*files).plan


def words(found: Compared) -> list[str]:
    """What differs, line by line: by cue of render A, and fixtures that do the same on one line."""
    lines = [f"universe {u} is only in {side}" for side, of in (("A", found.only_a), ("B", found.only_b)) for u in of]
    if found.lasts_longer:
        lines.append(f"A lasts {found.ends[0]:.1f} s, B {found.ends[1]:.1f} s: compared as long as both do")
    lines += [_moved(a, b) for a, b in found.moved]
    heading, at = "", 0
    for group, own in _grouped(found):
        while at < len(found.cues) and found.cues[at].time <= own[0].begin:
            at += 1
        cue = f"in {_name(found.cues[at - 1])}:" if at else "before the first cue:"
        if cue != heading:
            heading = cue
            lines.append(cue)
        lines.append(f"  {_said(found, group, own)}")
    return lines + ([f"and {found.more} more differences"] if found.more else [])


def _name(cue: Fired) -> str:
    return f"{cue.list} cue {cue.cue} {cue.name}".rstrip()


def _moved(a: Fired | None, b: Fired | None) -> str:
    if a is not None and b is not None:
        return f"{_name(a)}: at {a.time:.2f} s in A, at {b.time:.2f} s in B"
    one, side = (a, "A") if a is not None else (b, "B")
    assert one is not None
    return f"{_name(one)}: at {one.time:.2f} s in {side} alone"


Group: TypeAlias = tuple[str, str, str, bool]  # begin and end to 0.1 s, parameter, whether it rises


def _grouped(found: Compared) -> list[tuple[Group, list[Difference]]]:
    """What the same parameter of many fixtures and cells does at the same time, in the order of the begin."""
    groups: dict[Group, list[Difference]] = {}
    for one in found.differences:
        parameter = found.channels.names[one.channel][1].partition(":")[0]
        rises = found.channels.level(one.channel, one.b) > found.channels.level(one.channel, one.a)
        groups.setdefault((f"{one.begin:.1f}", f"{one.end:.1f}", parameter, rises), []).append(one)
    return sorted(groups.items(), key=lambda item: item[1][0].begin)


def _said(found: Compared, group: Group, own: list[Difference]) -> str:
    first, last, parameter, _ = group
    names = [found.channels.names[one.channel] for one in own]
    fixtures = _runs(list(dict.fromkeys(fixture for fixture, _ in names)))
    cells = sum(":" in one for _, one in names)
    span = first if first == last else f"{first}-{last}"
    a = _range([found.channels.level(one.channel, one.a) for one in own])
    b = _range([found.channels.level(one.channel, one.b) for one in own])
    if a == b:  # a step or two of a fine slot
        a, b = (f"{found.channels.level(own[0].channel, raw):.7g}" for raw in (own[0].a, own[0].b))
    parts = [f"{span} s ", fixtures, f"({cells} cells)" if cells > 1 else "", parameter, f"{a} -> {b}", "%" if parameter else ""]
    return " ".join(part for part in parts if part)


def _range(levels: list[float]) -> str:
    low, high = f"{min(levels):.3g}", f"{max(levels):.3g}"
    return low if low == high else f"{low}..{high}"


def _runs(names: list[str]) -> str:
    """par.1 par.2 par.3 wash -> par.1..par.3 wash."""
    said, run = list[str](), list[str]()
    for name in [*names, ""]:
        if run and not _follows(run[-1], name):
            said += run if len(run) < 3 else [f"{run[0]}..{run[-1]}"]
            run = []
        run.append(name)
    return " ".join(said)


def _follows(before: str, name: str) -> bool:
    stem = before.rstrip("0123456789")
    number = before[len(stem) :]
    return bool(number) and name == f"{stem}{int(number) + 1}"


def as_json(found: Compared) -> str:
    """All of it as one JSON object."""
    spans = []
    for one in found.differences:
        fixture, parameter = found.channels.names[one.channel]
        a, b = (round(found.channels.level(one.channel, raw), 4) for raw in (one.a, one.b))
        where = {"fixture": fixture, "parameter": parameter} if parameter else {"slot": fixture}
        spans.append({"begin": round(one.begin, 4), "end": round(one.end, 4), **where, "a": a, "b": b})
    moved = [{"list": (a or b).list, "cue": (a or b).cue, "a": a and a.time, "b": b and b.time} for a, b in found.moved]  # type: ignore[union-attr]
    whole = {"differ": found.differ, "only_a": found.only_a, "only_b": found.only_b, "seconds": list(found.ends)}
    return json.dumps({**whole, "cues": moved, "differences": spans, "more": found.more})
