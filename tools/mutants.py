"""Mutants: rules of playback broken on purpose, one at a time, and the test that has to notice.

    python tools/mutants.py [--only WORD] [--jobs 2]

tests/mutants.toml lists them: the rule, the file, the text that is replaced (it occurs there once) and by what, and the test
that proves the rule. Each mutant is made in a copy of the project, and its test is run there; a test that still passes has
not proved its rule. Before that every named test must pass on the code as it is. Exit code 1 if one survives.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "mutants.toml"
COPIED = ("showctl", "tests", "systemd", "pyproject.toml")
LONGEST = 120.0  # s a test may take: a mutant that never ends is noticed, too


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule, broken."""

    rule: str
    file: str
    old: str
    new: str
    test: str

    def text(self, root: Path) -> str:
        """The broken file. ValueError if the text that it replaces is not there exactly once."""
        text = (root / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.rule}: {self.file} has {text.count(self.old)} times: {self.old!r}")
        return text.replace(self.old, self.new)


def mutants(path: Path = LIST) -> list[Mutant]:
    """All mutants of the list."""
    return [Mutant(**one) for one in tomllib.loads(path.read_text())["mutant"]]


def passes(root: Path, tests: list[str]) -> bool:
    """Whether these tests pass in this tree."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, cwd=root, capture_output=True, timeout=LONGEST * len(tests), check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def killed(mutant: Mutant) -> bool:
    """Whether its test notices the mutant, in a copy of the tree."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(source, root / name)
        (root / mutant.file).write_text(mutant.text(ROOT))
        return not passes(root, [mutant.test])


def main() -> int:
    """Run them all and print the table."""
    parser = argparse.ArgumentParser(description="break every rule once and see whether its test notices")
    parser.add_argument("--only", default="", help="mutants whose rule or file has this word in it")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    asked = parser.parse_args()
    chosen = [m for m in mutants() if asked.only in m.rule or asked.only in m.file]
    begun = time.monotonic()
    if not passes(ROOT, sorted({m.test for m in chosen})):
        print("a named test fails on the code as it is: nothing can be said")
        return 1
    survivors = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for mutant, dead in zip(chosen, pool.map(killed, chosen), strict=True):
            survivors += not dead
            print(f"{'killed  ' if dead else 'SURVIVED'}  {mutant.rule:60}  {mutant.test}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} killed in {time.monotonic() - begun:.0f} s")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
