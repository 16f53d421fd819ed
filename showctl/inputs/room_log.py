"""How loud the nights were: a line for each minute and microphone, for whoever asks the venue for it afterwards.

DIR/levels-YYYY-MM-DD.csv, a file for each day of local time: when the minute began (local time with its distance from UTC),
microphone, how many seconds of it were measured, LAeq of the minute, LAeq over 15 and 60 minutes as they stood at its end
(dB(A)), its highest LCpeak (dB(C)), which limits were passed in it, and whether the input clipped, which makes the rest too low.
A minute of which nothing was measured has no line.

The last DAYS files are kept. A day of one microphone is 90 kB, of sixteen 1.4 MB. What cannot be written waits, WAITING lines of
it, and is said.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from showctl.model import Levels

log = logging.getLogger("showctl")

DAYS, WAITING = 100, 2000
COLUMNS = ("time", "microphone", "seconds", "laeq_1", "laeq_15", "laeq_60", "lcpeak", "passed", "clipped")


def local_time() -> datetime:
    """Now, with its distance from UTC."""
    return datetime.now().astimezone()


@dataclass(slots=True)
class Minute:
    """What is known of a minute at one microphone."""

    begins: datetime
    seconds: int = 0
    energy: float = 0.0  # sum of mean squares over the reference's
    peak: float = 0.0  # dB(C)
    passed: set[str] = field(default_factory=set)
    clipped: bool = False
    last: Levels | None = None

    def add(self, one: Levels) -> None:
        """A second."""
        self.seconds += 1
        self.energy += 10 ** (one.la / 10)
        self.peak = max(self.peak, one.lcpeak)
        self.passed |= {warning.limit.of for warning in one.warnings if warning.over}
        self.clipped |= one.clipped
        self.last = one

    def row(self, microphone: str) -> tuple[object, ...]:
        """As COLUMNS has it."""
        assert self.last is not None
        levels = (10 * math.log10(self.energy / self.seconds), self.last.laeq_15, self.last.laeq_60, self.peak)
        numbers = (f"{level:.1f}" for level in levels)
        return self.begins.isoformat(), microphone, self.seconds, *numbers, " ".join(sorted(self.passed)), int(self.clipped)


class LevelLog:
    """Writes in `folder`. `add` and `due` are the event loop's, `write` may be a thread's."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = local_time) -> None:
        self._folder, self._now = folder, now
        self._minutes: dict[str, Minute] = {}  # by microphone
        self._rows: deque[tuple[str, str]] = deque(maxlen=WAITING)  # day, line
        self._writing, self._fault = threading.Lock(), ""

    def add(self, seconds: Iterable[tuple[str, Levels]]) -> None:
        """Seconds that have just ended, by microphone; each once. At 0 dB nothing was measured."""
        begins = self._turn()
        for name, one in seconds:
            if one.la > 0:
                self._minutes.setdefault(name, Minute(begins)).add(one)

    def due(self) -> bool:
        """Whether there is something to write."""
        self._turn()
        return bool(self._rows)

    def _turn(self) -> datetime:
        """The minute that it is now; those before it are done."""
        now = self._now().replace(second=0, microsecond=0)
        if any(minute.begins != now for minute in self._minutes.values()):
            self._end()
        return now

    def _end(self) -> None:
        for name, minute in self._minutes.items():
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(minute.row(name))
            self._rows.append((minute.begins.date().isoformat(), line.getvalue()))
        self._minutes.clear()

    def write(self) -> None:
        """What waits, to the disk. Never raises: what cannot be written waits on."""
        with self._writing:
            while self._rows:
                day, line = row = self._rows.popleft()
                try:
                    self._append(self._folder / f"levels-{day}.csv", line)
                except OSError as error:
                    self._rows.appendleft(row)
                    if not self._fault:
                        log.warning("how loud it is cannot be written down in %s: %s; it is tried again", self._folder, error)
                    self._fault = str(error)
                    return
            if self._fault:
                log.info("how loud it is is written down again in %s", self._folder)
            self._fault = ""

    def _append(self, path: Path, line: str) -> None:
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            line = ",".join(COLUMNS) + "\n" + line
            for old in sorted(self._folder.glob("levels-*.csv"))[: 1 - DAYS]:
                old.unlink(missing_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line)

    def close(self) -> None:
        """Write down the minute that has begun, too."""
        self._end()
        self.write()
