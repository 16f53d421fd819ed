"""How well the ear hears, beside the peers that are installed: one command, one table, the same excerpts in the same run.

    .venv/bench/bin/python bench/hearing [--data DIR] [--peers aubio,madmom1] [--peers-python PYTHON] [--only TEXT]
                                         [--onsets 24] [--realtime 3] [--json OUT]

Every ear is a program that says what it hears as `showctl listen --json` does, and is run once on each excerpt, as a process of its
own. Beats are scored by ../shared/bench/score_beats.py itself (--score where it is elsewhere), so its judgement and its means
are its own: a flash at max(time, emitted). Added here: the notice that 90 % of the beats have, processor time less that of
a start without sound, and the memory of the program alone (measured.py says why that is another figure).

Onsets: pieces composed here with seeds that training never sees. --realtime N plays the first N excerpts in real time through
the ear's own process and compares what it says with what `listen` says. docs/hearing.md tells how to install the peers.

Exit: 0 measured, 1 an announcement was not causal or the real-time run differs, 2 the program or the bench cannot be run.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import importlib.util
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import figures
import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MEASURED = [sys.executable, "-I", "-S", str(HERE / "measured.py")]
OURS = "showctl"
PEERS = ("madmom8", "madmom1", "beatnet", "btrack", "aubio")
ONSET_PEERS = ("aubio-specflux", "aubio-hfc")


class Ear:
    """A program that speaks as `listen`, and what a start of it costs."""

    def __init__(self, scorer: ModuleType, name: str, command: list[str]) -> None:
        self.name, self.command, self._score = name, [*MEASURED, *command], scorer
        self.by_script_mb = 0.0  # what the script itself would say of the first excerpt's memory
        with tempfile.TemporaryDirectory() as folder:
            nothing = Path(folder) / "nothing.wav"
            soundfile.write(nothing, np.zeros(4410, np.float32), 44100)
            self.start_cpu = 0.0
            self.start_cpu = min(self.hear(nothing)[1]["cpu_seconds"] for _ in range(2))

    def hear(self, audio: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What it says of one file, and what it used. RuntimeError when it fails."""
        objects, _, memory = self._score.listen(self.command, audio)
        self.by_script_mb = self.by_script_mb or memory
        used = objects.pop()
        if used.get("type") != "usage":
            raise RuntimeError(f"{self.name}: ended without saying what it used")
        return objects, used

    def score(self, audio: Path, beats: Path, info: dict[str, str]) -> figures.Row:
        """One row of measures."""
        objects, used = self.hear(audio)
        duration, stood = float(info["duration"]), self._score.announced(objects)
        row: figures.Row = self._score.score(*self._score.read_truth(beats), stood, duration, True)
        row |= {key: info[key] for key in ("id", "style", "kind")}
        row["notices"] = [1000 * (beat["time"] - beat["emitted"]) for beat in stood]
        row["positions"] = any(beat["bar_position"] for beat in stood)
        return row | {"cpu": max(0.0, used["cpu_seconds"] - self.start_cpu) / duration, "memory_mb": used["memory_mb"]}


def main() -> int:
    """Measure, print."""
    options = arguments()
    scorer = load(options.score)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    sys.path.insert(1, str(ROOT))  # training, whose pieces are the truth about onsets
    index = excerpts(options.data, options.only)
    ours = Ear(scorer, OURS, [*shlex.split(options.python), "-m", "showctl"])
    peers, onset_peers = installed(scorer, options)
    print(heading(options, index, peers + onset_peers))
    rows = {ear.name: hear_all(ear, options.data, index, must=ear is ours) for ear in [ours, *peers]}
    rows = {name: heard for name, heard in rows.items() if heard}
    print_beats(rows, scorer, ours)
    broken = not_causal(scorer, [ours, *peers], options, index)
    if options.onsets:
        print_onsets([ours, *onset_peers], options.onsets)
    differs = options.realtime and print_realtime(scorer, ours, options, index)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return int(bool(broken or differs))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="bench/hearing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared, ours = ROOT.parent / "shared", ROOT / ".venv" / "bin" / "python"
    parser.add_argument("--data", type=Path, default=shared / "data" / "beats", help="ID.beats and the sound, with an index.csv")
    parser.add_argument("--score", type=Path, default=shared / "bench" / "score_beats.py", help="the script that scores beats")
    parser.add_argument("--python", default=str(ours if ours.exists() else sys.executable), help="the Python that has showctl")
    parser.add_argument(
        "--peers", default=None, help="which, by comma; all that are installed without it; none with an empty one"
    )
    parser.add_argument(
        "--peers-python", default=str(ROOT / ".venv" / "peers" / "bin" / "python"), help="the Python that has peers"
    )
    parser.add_argument("--only", default="", help="excerpts whose id contains this")
    parser.add_argument(
        "--causality", type=int, default=3, metavar="N", help="check so many excerpts for causality, peers on one"
    )
    parser.add_argument("--onsets", type=int, default=24, metavar="N", help="pieces to compose for the onsets; 0 for none")
    parser.add_argument("--realtime", type=int, nargs="?", const=3, default=0, metavar="N", help="also so many in real time")
    parser.add_argument("--json", type=Path, help="every row of every ear")
    return parser.parse_args()


def load(script: Path) -> ModuleType:
    """The scorer, as a module."""
    spec = importlib.util.spec_from_file_location("score_beats", script)
    if not script.exists() or spec is None or spec.loader is None:
        raise SystemExit(f"bench/hearing: {script} is not there: say where score_beats.py is with --score")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def excerpts(data: Path, only: str) -> list[dict[str, str]]:
    """Rows of the index."""
    if not (data / "index.csv").exists():
        raise SystemExit(f"bench/hearing: {data}/index.csv is not there: say where the excerpts are with --data")
    with (data / "index.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if only in row["id"]]
    if not rows:
        raise SystemExit(f"bench/hearing: no excerpt's id contains {only!r}")
    return rows


def installed(scorer: ModuleType, options: argparse.Namespace) -> tuple[list[Ear], list[Ear]]:
    """The peers for beats and those for onsets. A peer asked for by name that is not there ends the run."""
    versions: dict[str, str] = {}
    if Path(options.peers_python).exists():
        asked = subprocess.run(
            [options.peers_python, str(HERE / "peers.py"), "--installed"], capture_output=True, text=True, check=True
        )
        versions = json.loads(asked.stdout)
    wanted = PEERS + ONSET_PEERS if options.peers is None else tuple(filter(None, options.peers.split(",")))
    if options.peers and (missing := [name for name in wanted if name not in versions]):
        raise SystemExit(f"bench/hearing: {', '.join(missing)} cannot be run by {options.peers_python}: docs/hearing.md says how")
    peers, onset_peers = [], []
    for name in wanted:
        if name in versions:
            ear = Ear(scorer, f"{name} {versions[name]}", [options.peers_python, "-W", "ignore", str(HERE / "peers.py"), name])
            (onset_peers if name in ONSET_PEERS else peers).append(ear)
    return peers, onset_peers


def heading(options: argparse.Namespace, index: list[dict[str, str]], peers: list[Ear]) -> str:
    """What was measured, on what, when."""
    git = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    minutes = sum(float(row["duration"]) for row in index) / 60
    who = ", ".join(ear.name for ear in peers) or "no peers"
    return (
        f"{datetime.date.today()}, showctl {git.stdout.strip() or '?'}, Python {platform.python_version()}, {platform.machine()}\n"
        f"{len(index)} excerpts, {minutes:.0f} minutes, of {options.data.name}; beside {who}\n"
    )


def hear_all(ear: Ear, data: Path, index: list[dict[str, str]], must: bool) -> list[figures.Row]:
    """Every excerpt; a peer that fails is told of and left out, showctl may not fail."""
    rows: list[figures.Row] = []
    for info in index:
        try:
            rows.append(ear.score(data / info["file"], data / f"{info['id']}.beats", info))
        except (RuntimeError, OSError, json.JSONDecodeError) as error:
            print(f"\n{ear.name} is left out: {error}", file=sys.stderr)
            if must:
                raise SystemExit(2) from None
            return []
        print(f"\r{ear.name}: {len(rows)}/{len(index)} {info['id']:40.40s}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


def print_beats(rows: dict[str, list[figures.Row]], scorer: ModuleType, ours: Ear) -> None:
    """The table, the styles, the worst."""
    print(figures.table("beats", {name: figures.row_of(heard, scorer.summary) for name, heard in rows.items()}))
    own = figures.row_of(rows[OURS], scorer.summary)["MB"]
    print(
        f"\nF, AMLt, tempo (right within 4 %), downbeat F, false/min, CPU: means over excerpts; lock, error, spread, MB: medians;"
    )
    print("notice: of all beats of the clean excerpts, their median and what 90 % have at least; venue: made worse on purpose.")
    print(
        f"CPU: of one core, less a start without sound ({ours.start_cpu:.2f} s for showctl). Memory of showctl alone: {figures.text(own)} MB;"
    )
    print(f"score_beats.py says {ours.by_script_mb:.0f} MB, in which its own memory is counted (bench/hearing/measured.py).\n")
    families = {name: figures.by_family(heard) for name, heard in rows.items()}
    styles = {
        f"{style} ({count})": {name: families[name].get(style, (0, None))[1] for name in rows}
        for style, (count, _) in families[OURS].items()
    }
    print(figures.table("F by style, clean (excerpts)", styles), end="\n\n")
    for name, heard in rows.items():
        print(f"worst of {name}: " + ", ".join(f"{row['id']} {row['F']:.2f}" for row in figures.worst(heard)))


def not_causal(scorer: ModuleType, ears: list[Ear], options: argparse.Namespace, index: list[dict[str, str]]) -> list[str]:
    """Excerpts on which showctl says something else of the first half when the second is cut off; peers are told of only."""
    broken: list[str] = []
    for ear in ears:
        chosen = index[: options.causality if ear.name == OURS else min(1, options.causality)]
        bad = [info["id"] for info in chosen if not scorer.causal(ear.command, options.data / info["file"], [])]
        if bad:
            print(f"not causal: {ear.name} on {', '.join(bad)}")
        broken += bad if ear.name == OURS else []
    print(f"causality: showctl on {min(options.causality, len(index))} excerpts, {len(broken)} broken; each peer on one\n")
    return broken


def print_onsets(ears: list[Ear], count: int) -> None:
    """The table of onsets."""
    try:
        import onsets
    except ImportError as error:
        print(f"onsets are not measured: {error}\n")
        return
    tallies = {ear.name: onsets.Tally() for ear in ears}
    styles: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for piece in onsets.pieces(count, Path(folder)):
                styles.append(piece.style)
                for ear in ears:
                    objects, used = ear.hear(piece.file)
                    tallies[ear.name].add(piece, objects, max(0.0, used["cpu_seconds"] - ear.start_cpu) / onsets.SECONDS)
                piece.file.unlink()
                print(f"\ronsets: {len(styles)} {piece.style:40.40s}", end="", file=sys.stderr, flush=True)
        except ImportError as error:
            print(f"onsets are not measured, nothing can compose here: {error}\n")
            return
    print(file=sys.stderr)
    print(figures.table(f"onsets ({len(styles)} pieces)", {name: tally.cells() for name, tally in tallies.items()}))
    print(f"\npieces of seeds from {onsets.FIRST_SEED} on, {onsets.SECONDS:.0f} s of each: {', '.join(sorted(set(styles)))}\n")


def print_realtime(scorer: ModuleType, ours: Ear, options: argparse.Namespace, index: list[dict[str, str]]) -> bool:
    """Whether any of the first excerpts sounds different in real time."""
    live = Ear.__new__(Ear)  # a start without sound is not measured: it would be played, too
    live.name, live._score, live.by_script_mb = "real time", scorer, 1.0
    live.command = [*MEASURED, *shlex.split(options.python), str(HERE / "realtime.py")]
    differs, lines = False, {}
    for info in index[: options.realtime]:
        audio = options.data / info["file"]
        quick, slow = ours.hear(audio)[0], live.hear(audio)[0]
        seen = figures.same_beats(scorer.announced(quick), scorer.announced(slow))
        differs |= not seen.holds
        truth = scorer.read_truth(options.data / f"{info['id']}.beats")
        late = [{**one, "emitted": one["received"]} for one in slow if one["type"] in ("beat", "withdraw")]
        f = [scorer.score(*truth, scorer.announced(said), float(info["duration"]), True).get("F") for said in (quick, slow, late)]
        way = [1000 * (one["received"] - one["emitted"]) for one in slow if one["type"] == "beat"]
        lines[info["id"]] = {
            "beats of listen": seen.first,
            "in real time": seen.second,
            "the same within 1 ms": seen.same,
            "apart ms": seen.apart_ms,
            "F listen": f[0],
            "F real time": f[1],
            "F as received": f[2],
            "received later ms": float(np.median(way)) if way else None,
            "at most ms": max(way, default=None),
        }
    print(figures.table("real time", lines))
    print("\nas received: `emitted` is when the daemon's end had it; both runs on this machine, as loaded as it was.\n")
    return differs


if __name__ == "__main__":
    sys.exit(main())
