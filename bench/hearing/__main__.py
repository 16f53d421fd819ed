"""How well the ear hears, beside the peers that are installed: one command, one table, the same excerpts in the same run.

    .venv/bench/bin/python bench/hearing [--data DIR] [--peers aubio,madmom1] [--peers-python PYTHON] [--only TEXT]
                                         [--onsets 24] [--realtime 3] [--json OUT]

Every ear is a program that says what it hears as `showctl listen --json` does, run once on each excerpt. Beats are judged by
../shared/bench/score_beats.py itself (--score where it is elsewhere): a flash at max(time, emitted). Added here: the notice
that 90 % of the beats have, processor time less that of a start without sound, and the memory of the program alone.

Onsets: pieces composed here from seeds that training never sees. --realtime N plays the first N excerpts in real time through
the ear's own process and compares what it says with what `listen` says. docs/hearing.md tells how to install the peers.

Exit: 0 measured, 1 an announcement was not causal or the real-time run differs, 2 the program failed.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import figures
import numpy as np
from ears import HERE, OURS, Ear, for_onsets, installed, load

ROOT = HERE.parent.parent


def main() -> int:
    """Measure, print."""
    options = arguments()
    scorer = load(options.score)
    index = excerpts(options.data, options.only)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    sys.path.insert(1, str(ROOT))  # training, whose pieces are the truth about onsets
    python = shlex.split(options.python)
    ours = Ear(scorer, OURS, [*python, "-m", "showctl"]).begun()
    peers = installed(scorer, options.peers_python, options.peers)
    print(heading(options.data, index, peers))
    rows: dict[str, list[figures.Row]] = {}
    for ear in [ours, *(peer for peer in peers if not for_onsets(peer))]:
        if heard := hear_all(ear, options.data, index):
            rows[ear.name] = heard
        elif ear is ours:
            return 2
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))  # so that a run that is stopped has not been for nothing
    print_beats(rows, scorer, ours)
    broken = print_causality([ours, *(ear for ear in peers if ear.name in rows)], options, index)
    if options.onsets:
        print_onsets([ours, *filter(for_onsets, peers)], options.onsets)
    if options.realtime:
        live = Ear(scorer, "real time", [*python, str(HERE / "realtime.py")])
        broken |= print_realtime(scorer, ours, live, options.data, index[: options.realtime])
    return int(broken)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="bench/hearing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared, ours = ROOT.parent / "shared", ROOT / ".venv" / "bin" / "python"
    peers = ROOT / ".venv" / "peers" / "bin" / "python"
    parser.add_argument("--data", type=Path, default=shared / "data" / "beats", help="ID.beats, the sound, and an index.csv")
    parser.add_argument("--score", type=Path, default=shared / "bench" / "score_beats.py", help="the script that scores beats")
    parser.add_argument("--python", default=str(ours if ours.exists() else sys.executable), help="the Python that has showctl")
    parser.add_argument("--peers", help="which, by comma, or '' for none; all that are installed without it")
    parser.add_argument("--peers-python", default=str(peers), help="the Python that has the peers (%(default)s)")
    parser.add_argument("--only", default="", help="excerpts whose id contains this")
    parser.add_argument("--causality", type=int, default=3, metavar="N", help="excerpts to check for causality; peers one")
    parser.add_argument("--onsets", type=int, default=24, metavar="N", help="pieces to compose for the onsets; 0 for none")
    parser.add_argument("--realtime", type=int, nargs="?", const=3, default=0, metavar="N", help="also so many in real time")
    parser.add_argument("--json", type=Path, help="where every row of every ear goes")
    return parser.parse_args()


def excerpts(data: Path, only: str) -> list[dict[str, str]]:
    """Lines of the index."""
    if not (data / "index.csv").exists():
        raise SystemExit(f"bench/hearing: {data}/index.csv is not there: say where the excerpts are with --data")
    with (data / "index.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if only in row["id"]]
    if not rows:
        raise SystemExit(f"bench/hearing: no excerpt's id contains {only!r}")
    return rows


def heading(data: Path, index: list[dict[str, str]], peers: list[Ear]) -> str:
    """What was measured, on what, when."""
    git = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    minutes = sum(float(row["duration"]) for row in index) / 60
    return (
        f"{datetime.date.today()}, showctl {git.stdout.strip() or 'of no known commit'}, "
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n"
        f"{len(index)} excerpts, {minutes:.0f} minutes, of {data.name}; peers: {', '.join(ear.name for ear in peers) or 'none'}\n"
    )


def hear_all(ear: Ear, data: Path, index: list[dict[str, str]]) -> list[figures.Row]:
    """Every excerpt; nothing, with a word why, of an ear that fails."""
    rows: list[figures.Row] = []
    for info in index:
        try:
            rows.append(ear.score(data / info["file"], data / f"{info['id']}.beats", info))
        except (RuntimeError, OSError, json.JSONDecodeError) as error:
            print(f"\n{ear.name} is left out: {error}", file=sys.stderr)
            return []
        print(f"\r{ear.name}: {len(rows)}/{len(index)} {info['id']:40.40s}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


def print_beats(rows: dict[str, list[figures.Row]], scorer: ModuleType, ours: Ear) -> None:
    """The table, the styles, the worst."""
    lines = {name: figures.row_of(heard, scorer.summary) for name, heard in rows.items()}
    print(figures.table("beats", lines))
    print(
        "\nF, AMLt, tempo (right within 4 %), downbeat F, false/min, CPU: means over excerpts; lock, error, spread, MB:\n"
        "medians; notice: median of all beats of the clean excerpts, and what 90 % of them have; venue: made worse on purpose.\n"
        f"CPU: of one core, less a start without sound ({ours.start_cpu:.2f} s for showctl). MB: of the program alone;\n"
        f"score_beats.py says {ours.by_script_mb:.0f} for showctl, its own memory counted in (bench/hearing/measured.py).\n"
    )
    families = {name: figures.by_family(heard) for name, heard in rows.items()}
    styles: dict[str, dict[str, figures.Cell]] = {
        f"{style} ({count})": {name: families[name].get(style, (0, None))[1] for name in rows}
        for style, (count, _) in families[OURS].items()
    }
    print(figures.table("F by style, clean (excerpts)", styles), end="\n\n")
    for name, heard in rows.items():
        print(f"worst of {name}: " + ", ".join(f"{row['id']} {row['F']:.2f}" for row in figures.worst(heard)))
    print()


def print_causality(ears: list[Ear], options: argparse.Namespace, index: list[dict[str, str]]) -> bool:
    """Whether showctl says something else of a first half when the second is cut off; of peers it is only told."""
    broken = False
    for ear in ears:
        checked = index[: options.causality if ear.name == OURS else min(1, options.causality)]
        bad = [info["id"] for info in checked if not ear.causal(options.data / info["file"])]
        print(f"causal on {len(checked) - len(bad)} of {len(checked)} excerpts: {ear.name}" + (f", not on {bad}" if bad else ""))
        broken |= bool(bad) and ear.name == OURS
    print()
    return broken


def print_onsets(ears: list[Ear], count: int) -> None:
    """The table of onsets."""
    try:
        import onsets

        makers = onsets.composers()
    except ImportError as error:
        print(f"onsets are not measured, nothing can compose in this Python: {error}\n")
        return
    tallies = {ear.name: onsets.Tally() for ear in ears}
    styles: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for piece in onsets.pieces(makers, count, Path(folder)):
            styles.append(piece.style)
            for ear in ears:
                objects, used = ear.hear(piece.file)
                tallies[ear.name].add(piece, objects, ear.share(used, onsets.SECONDS))
            piece.file.unlink()
            print(f"\ronsets: {len(styles)}/{count} {piece.style:40.40s}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(figures.table(f"onsets ({len(styles)} pieces)", {name: tally.cells() for name, tally in tallies.items()}))
    print(
        f"\nF, precision, recall, CPU: means over pieces, right within {1000 * onsets.WINDOW:.0f} ms; latency: emission less\n"
        f"the true time, of all onsets that are right; found: strokes of the kind, however named; so named: of the onsets said\n"
        f"to be of the kind those that are. Seeds from {onsets.FIRST_SEED} on, {onsets.SECONDS:.0f} s of each: "
        f"{', '.join(sorted(set(styles)))}\n"
    )


def print_realtime(scorer: ModuleType, ours: Ear, live: Ear, data: Path, index: list[dict[str, str]]) -> bool:
    """Whether any of these excerpts is heard differently in real time."""
    differs = False
    lines: dict[str, dict[str, figures.Cell]] = {}
    for info in index:
        try:
            quick, slow = ours.hear(data / info["file"])[0], live.hear(data / info["file"])[0]
        except RuntimeError as error:
            print(f"not heard in real time: {error}\n")
            return True
        late = [{**one, "emitted": one["received"]} for one in slow if one["type"] in ("beat", "withdraw")]
        stood = {name: scorer.announced(said) for name, said in (("listen", quick), ("real time", slow), ("as received", late))}
        seen = figures.same_beats(stood["listen"], stood["real time"])
        differs |= not seen.holds
        truth, duration = scorer.read_truth(data / f"{info['id']}.beats"), float(info["duration"])
        way = [1000 * (one["received"] - one["emitted"]) for one in slow if one["type"] == "beat"]
        lines[info["id"]] = {"beats of listen": seen.first, "in real time": seen.second, "the same": seen.same}
        lines[info["id"]] |= {"apart ms": seen.apart_ms}
        lines[info["id"]] |= {f"F {name}": scorer.score(*truth, beats, duration, True).get("F") for name, beats in stood.items()}
        lines[info["id"]] |= {"on its way ms": float(np.median(way)) if way else None, "at most ms": max(way, default=None)}
    print(figures.table("real time", lines))
    print("\nthe same: time and emission within 1 ms; as received: emitted is when the daemon's end had it.\n")
    return differs


if __name__ == "__main__":
    sys.exit(main())
