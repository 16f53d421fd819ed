"""`showctl fixtures search WORD | show NAME | check DIR | mvr FILE`: which fixture types there are, what one of them is, whether
every file below a folder can be used (those of QLC+, of the Open Fixture Library, and GDTF), and a venue file from a plan.

Types are the generic ones and those of the files that `showctl.fixtures.library` finds; --venue adds the folder `fixtures`
beside a venue file. `check` reads every mode of every file and says which it refuses and why; exit code 1 if there is any, 69 if
there are GDTF files and pygdtf, which reads them, is not installed. `mvr` writes venue.yaml and the GDTF files beside it; exit
code 1 if a fixture of the plan was left out or has no place. It overwrites nothing without --force.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from showctl.fixtures.library import Library
    from showctl.fixtures.model import Channel, FixtureType, Mode
    from showctl.fixtures.mvr_venue import Rig

MISSING, CANNOT_BE_RUN = 69, 78
MOST = 200  # rows of a search, or ranges of a channel, before the rest is only counted


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `fixtures` takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="search|show|check|mvr")
    search = commands.add_parser("search", help="the names that contain every one of these words")
    search.add_argument("word", metavar="WORD", nargs="+")
    show = commands.add_parser("show", help="the modes of a type and what is on their slots")
    show.add_argument("name", metavar="NAME", help="as `search` and the venue file call it")
    show.add_argument("--mode", metavar="MODE", help="only this one")
    check = commands.add_parser("check", help="read every mode of every fixture file below a folder")
    check.add_argument("folder", metavar="DIR", type=Path)
    mvr = commands.add_parser("mvr", help="write a venue file with the patch of an MVR file, and unpack its GDTF files")
    mvr.add_argument("file", metavar="FILE.mvr", type=Path)
    mvr.add_argument("--out", metavar="DIR", type=Path, required=True, help="for venue.yaml, and fixtures/ beside it")
    mvr.add_argument("--force", action="store_true", help="overwrite what is there")
    for one in (search, show):
        one.add_argument("--venue", metavar="VENUE.yaml", type=Path, help="look into the folder `fixtures` beside it first")
    for one in (search, show, check):
        one.add_argument("--json", action="store_true", help="JSON Lines")


def run(args: argparse.Namespace) -> int:
    """Print what was asked for; 1 where there is nothing of the kind or a file is refused, 78 for a file that cannot be used."""
    if args.command == "check":
        return _check(args)
    if args.command == "mvr":
        return _mvr(args)
    from showctl.fixtures.library import Library, places
    from showctl.model import ConfigError

    library = Library(places(args.venue.parent if args.venue else None))
    try:
        return _search(args, library) if args.command == "search" else _show(args, library)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT_BE_RUN


def _search(args: argparse.Namespace, library: Library) -> int:
    from showctl.fixtures.reading import slug

    words = [slug(word) for word in " ".join(args.word).replace("/", " ").split()]
    found = [name for name in dict.fromkeys(library.names()) if all(word in name for word in words)]
    for name in found if args.json else found[:MOST]:
        print(json.dumps({"name": name}) if args.json else name)
    if len(found) > MOST and not args.json:
        print(f"... and {len(found) - MOST} more: add a word", file=sys.stderr)
    if not found:
        hint = "" if len(list(library.names())) > 10 else "; Debian's package qlcplus-data has 1358 more"
        print(f"showctl fixtures: no type has `{' '.join(args.word)}` in its name{hint}", file=sys.stderr)
    return int(not found)


# --- show ------------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace, library: Library) -> int:
    from showctl.config.values import did_you_mean

    fixture = library.find(args.name)
    if fixture is None:
        near = did_you_mean(args.name, list(library.names()))
        print(f"showctl fixtures: no type is called `{args.name}`{near} (try: showctl fixtures search WORD)", file=sys.stderr)
        return 1
    modes = [mode for mode in fixture.modes.values() if args.mode in (None, mode.name)]
    if not modes:
        there = ", ".join(fixture.modes)
        print(f"showctl fixtures: {fixture.name} has no mode `{args.mode}`: it has {there}", file=sys.stderr)
        return 1
    for mode in modes:
        if args.json:
            print(json.dumps({"type": fixture.name, "kind": fixture.kind, **_mode_json(mode)}, ensure_ascii=False))
        else:
            print("\n".join(_mode_text(fixture, mode)))
    for _, problem in fixture.refused if not args.json else ():
        print(problem, file=sys.stderr)
    return 0


def _mode_json(mode: Mode) -> dict[str, Any]:
    return {
        "mode": mode.name,
        "slots": mode.footprint,
        "cells": mode.cells,
        "channels": [_channel_json(c) for c in mode.channels],
    }


def _channel_json(one: Channel) -> dict[str, Any]:
    ranges = [
        {"label": r.label, "first": r.first, "last": r.last, "kind": r.kind.value}
        | ({"colour": r.colour} if r.colour else {})
        | ({"physical": list(r.physical), "unit": r.unit} if r.physical else {})
        for r in one.ranges
    ]
    return {
        "name": one.name,
        "cell": one.cell,
        "slots": [offset + 1 for offset in one.offsets],
        "label": one.label,
        "category": one.category.value,
        "default": round(one.default, 4),
        "highlight": round(one.highlight, 4),
        "snap": one.snap,
        "degrees": one.degrees,
        "span": [round(edge * 255) for edge in one.span],
        "ranges": ranges,
        "also": list(one.also),
    }


def _mode_text(fixture: FixtureType, mode: Mode) -> Iterator[str]:
    cells = f", {mode.cells} cells" if mode.cells > 1 else ""
    yield f"type: {fixture.name}  mode: {mode.name}  ({mode.footprint} slots{cells})"
    for one in mode.channels:
        slots = "+".join(str(offset + 1) for offset in one.offsets)
        turns = f"  {one.degrees[0]:g}deg..{one.degrees[1]:g}deg" if one.degrees else ""
        jumps = "  jumps" if one.snap else ""
        name = f"cells.{one.cell} {one.name}" if one.cell else one.name
        called = f"  ({one.label})" if one.label else ""
        yield f"  {slots:>7}  {name:<24} at rest {one.default * 100:3.0f}%{jumps}{turns}{called}"
        for r in one.ranges[:MOST]:
            yield f"             {r.first:3}-{r.last:<3} {r.label}" + (f" [{r.kind.value}]" if r.kind != "level" else "")
        yield from (f"             or: {text}" for text in one.also)


# --- check -----------------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    from showctl.fixtures import gdtf
    from showctl.fixtures.check import check

    if not args.folder.is_dir():
        print(f"showctl fixtures: {args.folder} is no folder", file=sys.stderr)
        return 2
    started = time.process_time()
    result = check(args.folder)
    seconds = round(time.process_time() - started, 3)
    refused = [{"file": r.file, "mode": r.mode, "reason": r.reason} for r in result.refused]
    if args.json:
        fields = {"loaded": result.loaded, "files": result.files, "refused": refused, "seconds": seconds}
        print(json.dumps(fields, ensure_ascii=False))
    else:
        for one in result.refused:
            print(one.message)
        print(f"{result.files} files, {result.loaded} modes, {len(refused)} refused, {seconds} s of CPU", file=sys.stderr)
    missing = not gdtf.available() and any(r["reason"] == gdtf.MISSING for r in refused)
    return MISSING if missing else int(bool(refused))


# --- mvr -------------------------------------------------------------------------------------------------------------


def _mvr(args: argparse.Namespace) -> int:
    from showctl.fixtures import gdtf, mvr
    from showctl.fixtures.mvr_venue import rig
    from showctl.model import ConfigError

    if not gdtf.available():
        print(f"showctl fixtures: {gdtf.MISSING}", file=sys.stderr)
        return MISSING
    if not args.file.is_file():
        print(f"showctl fixtures: {args.file} is no file", file=sys.stderr)
        return 2
    try:
        with args.file.open("rb") as file:
            made = rig(mvr.read(file.read(mvr.MAX_ARCHIVE + 1), str(args.file)), args.file.stem)
        return _written(args, made)
    except ConfigError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"showctl fixtures: {error.filename}: {error.strerror or error}", file=sys.stderr)
    return CANNOT_BE_RUN


def _written(args: argparse.Namespace, made: Rig) -> int:
    """Write all of it, or nothing where anything is in the way; tell what is missing."""
    from showctl.config.format import tidy
    from showctl.config.tree import Report
    from showctl.fixtures.library import Place, files

    venue, shelf = args.out / "venue.yaml", args.out / "fixtures"
    text = tidy(made.text.encode(), str(venue), report := Report())
    if text is None:
        print(*report.problems, sep="\n", file=sys.stderr)
        return CANNOT_BE_RUN
    there = {name: path for name, path in files(Place(shelf)) if name in made.files}
    same = {name for name, path in there.items() if path.read_bytes() == made.files[name]}
    in_the_way = [venue] * venue.exists() + [path for name, path in there.items() if name not in same]
    other = [path for path in in_the_way if path.suffix not in (".gdtf", ".yaml")]  # of another format, and perhaps found first
    if other or (in_the_way and not args.force):
        listed = ", ".join(map(str, (other or in_the_way)[:5]))
        print(f"showctl fixtures: {listed} is there already, and nothing was written (--force overwrites)", file=sys.stderr)
        return 2
    for name, data in made.files.items():
        path = there.get(name, shelf / f"{name}.gdtf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    args.out.mkdir(parents=True, exist_ok=True)
    venue.write_text(text, encoding="utf-8")
    told = [*(f"not taken over: {line}" for line in made.missing), *(f"not quite: {line}" for line in made.nearly)]
    print(*told[:MOST], sep="\n", end="\n" if told else "", file=sys.stderr)
    if len(told) > MOST:
        print(f"... and {len(told) - MOST} more", file=sys.stderr)
    print(f"{venue} (next: showctl check {venue})")
    return int(bool(made.missing))
