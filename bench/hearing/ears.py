"""Ears as programs: ours and the peers', each run as a process of its own that says what it hears as `showctl listen` does.

The scorer is ../shared/bench/score_beats.py itself, loaded from where it stands: what is a beat that stood, what is right, and
what a mean is made of are its own business. An Ear only measures more closely what the program used (measured.py says why).
"""

from __future__ import annotations

import importlib.util
import json
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
MEASURED = [sys.executable, "-I", "-S", str(HERE / "measured.py")]
OURS = "showctl"
BEATS = ("madmom8", "madmom1", "beatnet", "btrack", "aubio")  # which of peers.PEERS are beside us unless others are asked for
ONSETS = ("aubio-specflux", "aubio-hfc")


class Ear:
    """A program that speaks as `listen`."""

    def __init__(self, scorer: ModuleType, name: str, command: list[str], start_cpu: float = 0.0) -> None:
        """`start_cpu` (s) is what a start of it costs; `begun` measures it."""
        self.name, self.command, self.start_cpu, self._score = name, [*MEASURED, *command], start_cpu, scorer
        self.by_script_mb = 0.0  # what the script itself would say of the memory of the first run

    def begun(self) -> Ear:
        """The same, after two starts on a tenth of a second of silence."""
        with tempfile.TemporaryDirectory() as folder:
            nothing = Path(folder) / "nothing.wav"
            soundfile.write(nothing, np.zeros(4410, np.float32), 44100)
            self.start_cpu = min(self.hear(nothing)[1]["cpu_seconds"] for _ in range(2))
        return self

    def hear(self, audio: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What it says of one file, and what it used. RuntimeError when it fails."""
        objects, _, memory = self._score.listen(self.command, audio)
        self.by_script_mb = self.by_script_mb or memory
        used = objects.pop()
        if used.get("type") != "usage":
            raise RuntimeError(f"{self.name}: ended without saying what it used")
        return objects, used

    def share(self, used: dict[str, Any], seconds: float) -> float:
        """Processor time for a second of sound, less the start."""
        return max(0.0, float(used["cpu_seconds"]) - self.start_cpu) / seconds

    def score(self, audio: Path, beats: Path, info: dict[str, str]) -> figures.Row:
        """One row of measures of an excerpt, `info` its line in the index."""
        objects, used = self.hear(audio)
        duration, stood = float(info["duration"]), self._score.announced(objects)
        row: figures.Row = self._score.score(*self._score.read_truth(beats), stood, duration, True)
        row |= {key: info[key] for key in ("id", "style", "kind")}
        row["notices"] = [1000 * (beat["time"] - beat["emitted"]) for beat in stood]
        row["positions"] = any(beat["bar_position"] for beat in stood)
        return row | {"cpu": self.share(used, duration), "memory_mb": used["memory_mb"]}

    def causal(self, audio: Path) -> bool:
        """Whether what it says of the first half stands without the second."""
        return bool(self._score.causal(self.command, audio, []))


def load(script: Path) -> ModuleType:
    """The scorer, as a module. SystemExit when it is not there."""
    spec = importlib.util.spec_from_file_location("score_beats", script)
    if not script.exists() or spec is None or spec.loader is None:
        raise SystemExit(f"bench/hearing: {script} is not there: say where score_beats.py is with --score")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def installed(scorer: ModuleType, python: str, asked: str | None) -> list[Ear]:
    """The peers that `python` can run: those asked for (by comma), or all. SystemExit when one asked for is not there."""
    versions: dict[str, str] = {}
    if Path(python).exists():
        told = subprocess.run([python, str(HERE / "peers.py"), "--installed"], capture_output=True, text=True, check=True)
        versions = json.loads(told.stdout)
    wanted = BEATS + ONSETS if asked is None else tuple(filter(None, asked.split(",")))
    if asked and (missing := [name for name in wanted if name not in versions]):
        raise SystemExit(f"bench/hearing: {python} cannot run {', '.join(missing)}: docs/hearing.md says how to install peers")
    command = [python, "-W", "ignore", str(HERE / "peers.py")]
    return [Ear(scorer, f"{name} {versions[name]}", [*command, name]).begun() for name in wanted if name in versions]


def for_onsets(ear: Ear) -> bool:
    """Whether it is a peer that tells onsets, not beats."""
    return ear.name.split()[0] in ONSETS
