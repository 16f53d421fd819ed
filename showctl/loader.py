"""The process that reads for the daemon: it watches the files of a show, compiles them when they change, and sends the plan.

    python -m showctl.loader VENUE SHOW HISTORY [--watch]

It has a process of its own because a compile is up to a second of one core, and a daemon that held its lock that long would
miss forty frames; because a file server that hangs then hangs nobody else; and because it may crash. It is started by exec,
speaks first when its files have changed, and is spoken to by lines of JSON on its standard input; when that ends, so does it.

    in    {"do": "load"}  {"do": "load", "venue": PATH, "show": PATH}      read now (those files, this once)
          {"do": "keep", "name": VERSION, "time": S, "changed": TEXT}      this version is played: put it into the history
    out   {"alive": true}                                                  every ALIVE_S, while nothing else is done
          {"reading": WHY}                                                 the next line comes when all is compiled
          {"answer": WHY, "problems": [...], ...}                          with the lines of `wire.plan` behind it if it is good,
          {"warnings": VERSION, "problems": [...]}                         and then with all that is only worth a warning
          {"unkept": TEXT}                                                 why a version is not in the history

Watching is looking: every LOOK_S at the size and times of every file that was read or missed. Of a hundred files that is a
quarter of a millisecond, it works on every file system, and it does not matter how an editor saves. What changed is read when
it has stayed the same for one look; a file that is gone or empty is given GRACE_S to come back. As some file systems tell
times by the second, what was read is compared by content once more, RECHECK_S later.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, TypeAlias

from showctl.rank import LATER, give_way

if __name__ == "__main__":
    give_way(LATER)  # before what follows is loaded, which would take its time at the daemon's own rank

from showctl import history
from showctl.config.load import Attempt, stages, version_of
from showctl.config.memory import Memory
from showctl.model import Problem
from showctl.wire.plan import Sender

LOOK_S, GRACE_S, RECHECK_S, ALIVE_S = 0.04, 0.5, 3.0, 5.0
MOST_PROBLEMS = 200  # that are sent; nobody reads more
MEMORY = 2 << 30  # bytes of address space
COLLECT_EVERY = 20  # loads: they leave next to nothing for the collector, and a look at what is kept takes a third of a second

Stamp: TypeAlias = "tuple[int, ...] | None"  # None: there is no such file


class Watch:
    """Tells when files have changed and come to rest."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._files: tuple[Path, ...] = ()
        self._read: dict[Path, Stamp] = {}  # as they were when they were read
        self._seen: dict[Path, Stamp] = {}  # as they were at the last look
        self._since = 0.0  # s, when they became as they were at the last look

    def begin(self) -> None:
        """What is read from now on is as it was now."""
        self._read = self._seen = stamps(self._files)

    def follow(self, files: Iterable[Path]) -> None:
        """Watch these files, which have just been read."""
        self._files = tuple(dict.fromkeys(files))
        new = [one for one in self._files if one not in self._read]
        self._read = {one: self._read[one] for one in self._files if one in self._read} | stamps(new)
        self._seen = self._read

    def as_read(self) -> bool:
        """Look; whether nothing tells that something is not as it was read."""
        return stamps(self._files) == self._read

    def rested(self) -> bool:
        """Look; whether something is not as it was read, and has stayed so since the last look."""
        now, seen = self._now(), stamps(self._files)
        if seen != self._seen:
            self._seen, self._since = seen, now
            return False
        hollow = any(seen[one] in (None, ()) and self._read[one] != seen[one] for one in seen)
        return seen != self._read and now >= self._since + (GRACE_S if hollow else 0.0)


def stamps(files: Iterable[Path]) -> dict[Path, Stamp]:
    """What tells whether a file is another than before; () for an empty one."""
    found: dict[Path, Stamp] = {}
    for one in files:
        found[one] = None
        with suppress(OSError, ValueError):  # gone, or out of reach: that is a state, too
            s = os.stat(one)
            found[one] = (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) if s.st_size else ()
    return found


class Loader:
    """Reads, compiles, sends. `say` sends one line."""

    def __init__(self, venue: Path, show: Path, kept: Path, watching: bool, say: Callable[[str], None]) -> None:
        self._pair, self._kept, self._say = (venue, show), kept, say
        self._watch = Watch(time.monotonic)
        self._watching = watching
        self._memory = Memory()
        self._sender = Sender()
        self._files: tuple[Path, ...] = ()
        self._version = ""
        self._good: tuple[str, tuple[Path, ...]] = ("", ())  # the last version that can be played, and its files
        self._recheck = 0.0  # s, 0 for never
        self._spoke = 0.0
        self._loads = 0

    def serve(self, asked: int) -> None:
        """Look and answer until whoever asks, by lines on this file descriptor, is gone."""
        waiting = b""
        while True:
            if select.select([asked], [], [], LOOK_S)[0]:
                data = os.read(asked, 65536)
                if not data:
                    return
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    self.do(json.loads(line))
            elif self._watching:
                self.look()
            if time.monotonic() > self._spoke + ALIVE_S:
                self._tell({"alive": True})

    def do(self, asked: dict[str, Any]) -> None:
        """One thing that the daemon asks for."""
        if asked["do"] == "load":
            pair = (Path(asked["venue"]), Path(asked["show"])) if "venue" in asked else self._pair
            self.load("asked", pair)
        elif asked["do"] == "keep":
            self.keep(str(asked["name"]), float(asked["time"]), str(asked["changed"]))

    def look(self) -> None:
        """Read what has changed and come to rest."""
        if self._watch.rested():
            self.load("saved", self._pair)
        elif self._recheck and time.monotonic() > self._recheck:
            self._recheck = 0.0
            if version_of(self._files) != self._version and self._watch.as_read():
                self.load("saved", self._pair)

    def load(self, why: str, pair: tuple[Path, Path]) -> None:
        """Read and compile; the answer is sent whatever comes of it, and what of it is only worth a warning after that."""
        self._tell({"reading": why})
        began = time.monotonic()
        if pair == self._pair:
            self._watch.begin()
        first, *more = self._stages(why, pair, began)
        if first.loaded is not None:
            self._tell({"warnings": first.version} | _told((more or [first])[-1].problems))
        if pair == self._pair:
            self._files, self._version = first.files, first.version
            self._watch.follow((*first.files, *_shelves(pair[0])))
            self._recheck = time.monotonic() + RECHECK_S
        del first, more
        self._loads += 1
        if self._loads % COLLECT_EVERY == 0:
            gc.collect()

    def _stages(self, why: str, pair: tuple[Path, Path], began: float) -> Iterator[Attempt]:
        for step, made in enumerate(stages(*pair, memory=self._memory)):
            if step == 0:
                self._answer(why, made, began)
            yield made

    def _answer(self, why: str, made: Attempt, began: float) -> None:
        answer = {"answer": why, "version": made.version, "good": made.loaded is not None} | _told(made.problems)
        if made.loaded is not None:
            self._good = (made.version, made.loaded.files)
            answer |= {"settings": made.loaded.settings, "files": [str(one) for one in made.loaded.files]}
        self._tell(answer | {"seconds": round(time.monotonic() - began, 3)})
        if made.loaded is not None:
            self._sender.send(made.loaded.plan, self._say)

    def keep(self, name: str, at: float, changed: str) -> None:
        """Put a version that is played into the history, if its files are still as they were read."""
        version, files = self._good
        if not history.has(self._kept, name) and (version != name or version_of(self._files) != name):
            return  # another version is on its way, and will be kept in its turn
        try:
            history.keep(self._kept, *self._pair, files, name=name, time=at, changed=changed)
        except OSError as error:
            self._tell({"unkept": f"cannot keep a copy of the good show: {error}"})

    def _tell(self, message: dict[str, Any]) -> None:
        self._spoke = time.monotonic()
        self._say(json.dumps(message))


def _told(problems: Sequence[Problem]) -> dict[str, Any]:
    if len(problems) > MOST_PROBLEMS:
        problems = sorted(problems, key=lambda one: one.severity)  # errors first: they are why a version is not played
    return {"problems": [astuple(one) for one in problems[:MOST_PROBLEMS]], "more": max(0, len(problems) - MOST_PROBLEMS)}


def _shelves(venue: Path) -> list[Path]:
    """The folders where a new fixture file of this venue would appear."""
    top = venue.parent / "fixtures"
    try:
        return [top, *(one for one in sorted(top.iterdir()) if one.is_dir())]
    except OSError:  # there is none, or it is not for us
        return [top]


def main() -> None:
    """Serve the daemon that started this process."""
    parser = argparse.ArgumentParser(description="reads and compiles a show for the daemon that started it")
    parser.add_argument("venue", type=Path)
    parser.add_argument("show", type=Path)
    parser.add_argument("history", type=Path)
    parser.add_argument("--watch", action="store_true")
    args = parser.parse_args()
    with suppress(OSError):  # a sandbox that forbids it
        Path("/proc/self/oom_score_adj").write_text("800")  # where memory runs out, this goes first, and is started again
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    gc.disable()  # a compile makes a million objects, and to look for cycles among them takes as long again

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    Loader(args.venue, args.show, args.history, args.watch, say).serve(sys.stdin.fileno())


if __name__ == "__main__":
    main()
