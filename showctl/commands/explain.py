"""`showctl explain VENUE CUES --cue N`: the tracked state of a cue, and for each parameter where its value comes from.

A value stays until a later cue moves it (tracking), so what is seen in cue 12 may have been written in cue 3, or in the start
look, or be where the fixture stands when nothing drives it. Values of a `cue_only` cue do not track on; neither do those a
cue would inherit from a cue it is reached by with `goto`: this follows the numbers. Effects are named after the levels.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from showctl.plan import Cue, CueList, Parameter, Plan


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `explain` takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path)
    parser.add_argument("show", metavar="CUES.yaml", type=Path)
    parser.add_argument("--cue", metavar="N", required=True, help="number of the cue")
    parser.add_argument("--fixture", metavar="NAME", help="only this fixture: par.1, or par for all of them")
    parser.add_argument("--list", metavar="NAME", default="main", help="the list of the cue (main)")


def run(args: argparse.Namespace) -> int:
    """Print the state; 1 if there is no such cue or fixture, 78 if the files cannot be run."""
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
    played = [cue for cue in lists[args.list].cues if cue.number <= number]
    for line in explain(plan, lists[args.list], played, set(chosen), args.fixture is not None):
        print(line)
    return 0


def explain(plan: Plan, one: CueList, played: list[Cue], fixtures: set[str], everything: bool) -> list[str]:
    """Lines of the state after `played` (in order), for these fixtures; undriven parameters only where `everything` is asked."""
    state = {parameter: (value, "start look") for parameter, value in plan.start}
    for cue in played:
        if cue is played[-1] or not cue.cue_only:
            origin = f"cue {cue.number:f}" + (f" {cue.name}" if cue.name else "") + f" (line {cue.line})"
            state.update({move.parameter: (move.value, origin) for move in cue.moves})
    last = played[-1]
    lines = [f"{one.name} cue {last.number:f} {last.name}".rstrip()]
    for index, parameter in enumerate(plan.parameters):
        if parameter.fixture in fixtures and (everything or index in state):
            value, origin = state.get(index, (parameter.default, "at rest"))
            lines.append(f"  {_label(parameter):<24} {value * 100:6.1f}%  {origin}")
    return lines + _effects(plan, played, fixtures)


def _label(parameter: Parameter) -> str:
    cell = f".cells.{parameter.cell}" if parameter.cell else ""
    return f"{parameter.fixture}{cell} {parameter.name}"


def _effects(plan: Plan, played: list[Cue], fixtures: set[str]) -> list[str]:
    """The effects that run, and since when."""
    from showctl.show.cuelist import track

    lines = []
    for name, start in track(tuple(played))[-1].effects.items():
        if fixtures & {plan.parameters[p].fixture for target in start.targets for p in target}:
            cue = next(cue for cue in reversed(played) if any(one is start for one in cue.starts))
            lines.append(f"  effect {name:<17} {'':7}  cue {cue.number:f} (line {cue.line})")
    return lines
