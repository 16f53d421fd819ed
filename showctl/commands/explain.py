"""`showctl explain VENUE CUES --cue N`: the tracked state of a cue, and for each parameter where its value comes from.

Values are in degrees and percent, with the cue, file and line that set them and the words it did it with; a `*` stands where
the cue moves the value itself. What performers may do in this cue stands first. Undriven parameters are told only where a fixture
is asked for, and gestures only where none is. With --json one object a line: the cue first, then a gesture and a parameter each.

`showctl explain --live FIXTURE`: why a lamp is as it is now, asked of the daemon that plays the show: every layer from rest to
the bytes that left, with who has it and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from showctl.commands import door

if TYPE_CHECKING:
    from showctl.plan import Cue, CueList, Parameter, Plan
    from showctl.show.origin import Origin


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `explain` takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path, nargs="?")
    parser.add_argument("show", metavar="CUES.yaml", type=Path, nargs="?")
    parser.add_argument("--cue", metavar="N", help="number of the cue")
    parser.add_argument("--fixture", metavar="NAME", help="only this fixture: par.1, or par for all of them")
    parser.add_argument("--list", metavar="NAME", default="main", help="the list of the cue (main)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--live", metavar="FIXTURE", help="why this fixture is as it is now, in the show that runs")
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the state; 1 if there is no such cue or fixture, 69 if no daemon answers, 78 if the files cannot be run."""
    if args.live is not None:
        return _live(args)
    if args.show is None or args.cue is None:
        print(
            "showctl explain: write VENUE.yaml CUES.yaml --cue N, or --live FIXTURE (try: showctl explain --help)",
            file=sys.stderr,
        )
        return 2
    return _planned(args)


def _live(args: argparse.Namespace) -> int:
    """Ask the daemon, and print every layer of every parameter of the fixture."""
    if args.venue is not None:
        print("showctl explain: --live asks the show that runs, and takes no files", file=sys.stderr)
        return 2
    from urllib.parse import quote

    code, answer, text = door.ask(args.to, args.token, f"/api/explain?fixture={quote(args.live)}")
    if code != door.DONE:
        print(f"showctl explain: {text}", file=sys.stderr)
        return code
    for one in answer["parameters"]:
        if args.json:
            print(_dump({"type": "parameter", "time": answer["time"], **one}))
            continue
        print(f"{one['key']}  {one['shown']}")
        for layer in one["layers"]:
            print(f"  {layer['what']:<18} {layer['shown']:>9}  {layer['text']}")
        if one["slots"]:
            print(f"  {'slots':<18} {'':>9}  " + ", ".join(f"{s['universe']}/{s['slot']} = {s['byte']}" for s in one["slots"]))
    return 0


def _planned(args: argparse.Namespace) -> int:
    from showctl.config.load import load
    from showctl.config.values import Bad, cue_number, did_you_mean
    from showctl.model import ConfigError

    try:
        plan, number = load(args.venue, args.show).plan, cue_number(args.cue)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 78
    except Bad as bad:
        print(f"showctl explain: --cue {bad}", file=sys.stderr)
        return 2
    lists = {one.name: one for one in plan.lists}
    if args.list not in lists:
        near = did_you_mean(args.list, lists)
        print(f"showctl explain: no list is called `{args.list}`{near}: there are {', '.join(lists)}", file=sys.stderr)
        return 1
    numbers = [cue.number for cue in lists[args.list].cues]
    if number not in numbers:
        there = ", ".join(f"{n:f}" for n in numbers)
        print(f"showctl explain: there is no cue {number:f} in {args.list}: there are {there}", file=sys.stderr)
        return 1
    names = list(dict.fromkeys(p.fixture for p in plan.parameters))
    chosen = [n for n in names if args.fixture in (None, n, n.partition(".")[0])]
    if not chosen:
        near = did_you_mean(args.fixture, names) or f": there are {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"
        print(f"showctl explain: no fixture is called `{args.fixture}`{near}", file=sys.stderr)
        return 1
    write = _objects if args.json else _lines
    for line in write(plan, lists[args.list], numbers.index(number), frozenset(chosen), args.fixture is not None):
        print(line)
    return 0


def _lines(plan: Plan, one: CueList, index: int, fixtures: frozenset[str], everything: bool) -> Iterator[str]:
    from showctl.show.gate.live import live
    from showctl.show.origin import colours, flags, origins, shown

    found = origins(plan, one, index)
    cue = one.cues[index]
    yield f"{one.name} cue {_named(cue)} ({_place(cue)})"
    for flag in flags(plan, one, index, found):
        yield f"  {flag}"
    for gesture in live(plan, one, index) if not everything else ():
        yield f"  {gesture.in_words()}"
    values = {o.parameter: o.value for o in found if everything or _driven(o)}
    mixed, seen = colours(plan, values), set()
    for origin in found:
        p = plan.parameters[origin.parameter]
        if p.fixture not in fixtures or origin.parameter not in values:
            continue
        if (p.fixture, p.cell) in mixed and p.name in ("red", "green", "blue") and (p.fixture, p.cell) not in seen:
            seen.add((p.fixture, p.cell))
            yield f"  {_label(p, 'colour'):<24}  {mixed[p.fixture, p.cell]:>8}  as mixed of what follows"
        star = "*" if origin.own else " "
        yield f"{star} {_label(p, p.name):<24} {shown(p, origin.value):>9}  {_why(origin)}"
        for name, by in origin.effects:
            yield f"    effect {name:<17} {'':>9}  cue {_named(by)} ({_place(by)})"


def _driven(origin: Origin) -> bool:
    return origin.cue is not None or origin.started or bool(origin.effects)


def _why(origin: Origin) -> str:
    from showctl.show.origin import in_words

    if origin.cue is None or origin.move is None:
        return "start look" if origin.started else "at rest"
    words = f": {origin.move.origin}" if origin.move.origin else ""
    text = f"cue {_named(origin.cue)} ({_place(origin.cue)}){words}"
    if origin.own:
        text += f", in {in_words(origin.time)}"
        text += f" after {in_words(origin.move.delay)}" if origin.move.delay.amount else ""
    return text + (", moved already in the dark" if origin.marked else "")


def _objects(plan: Plan, one: CueList, index: int, fixtures: frozenset[str], everything: bool) -> Iterator[str]:
    from dataclasses import asdict

    from showctl.show.gate.live import live
    from showctl.show.origin import flags, origins, shown

    found, cue = origins(plan, one, index), one.cues[index]
    yield _dump({"type": "cue", "list": one.name, **_cue(cue), "notes": flags(plan, one, index, found)})
    for gesture in live(plan, one, index) if not everything else ():
        yield _dump({"type": "gesture", **asdict(gesture)})
    for origin in found:
        p = plan.parameters[origin.parameter]
        if p.fixture in fixtures and (everything or _driven(origin)):
            yield _dump(
                {
                    "type": "parameter",
                    "fixture": p.fixture,
                    "cell": p.cell,
                    "parameter": p.name,
                    "value": round(origin.value, 6),
                    "shown": shown(p, origin.value),
                    "by": "cue" if origin.cue is not None else "start" if origin.started else "rest",
                    "cue": None if origin.cue is None else _cue(origin.cue),
                    "words": origin.move.origin if origin.move is not None else "",
                    "moves": origin.own,
                    "marked": origin.marked,
                    "effects": [{"effect": name, "cue": _cue(by)} for name, by in origin.effects],
                }
            )


def _dump(one: dict[str, object]) -> str:
    return json.dumps(one, ensure_ascii=False)


def _cue(cue: Cue) -> dict[str, object]:
    return {"number": f"{cue.number:f}", "name": cue.name, "path": cue.path, "line": cue.line}


def _named(cue: Cue) -> str:
    return f"{cue.number:f} {cue.name}".rstrip()


def _place(cue: Cue) -> str:
    return f"{cue.path}:{cue.line}"


def _label(p: Parameter, name: str) -> str:
    return f"{p.fixture}{f'.cells.{p.cell}' if p.cell else ''} {name}"
