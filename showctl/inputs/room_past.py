"""How loud it was in the last hour, kept by the daemon for the process that hears the room: one that is started anew is told it,
so that LAeq over an hour loses the gap and no more.

Once a minute it goes to disk as well, for a daemon that is started anew. Times are CLOCK_MONOTONIC s, which a start of the
machine begins anew: what was kept before it is let go.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from showctl.model import LevelPast, Levels, WireError
from showctl.wire.room import MOST_SECONDS, decode_past, encode_past

log = logging.getLogger("showctl")

SAVE_EVERY_S = 60.0
Second: TypeAlias = tuple[float, float, float]  # when it ended, dB(A), dB(C)
NEXT_S = 0.5  # a second that is told twice is one
MOST_BYTES = 2_000_000


class Pasts:
    """By microphone. `kept` is its file, None for none; `boot` tells this start of the machine from others."""

    def __init__(self, kept: Path | None = None, boot: str = "") -> None:
        self._kept, self._boot = (kept, boot) if boot else (None, "")
        self._seconds: dict[str, deque[Second]] = {}
        self._saved = 0.0
        if self._kept is not None:
            self._read(self._kept)

    def add(self, microphones: Sequence[str], levels: Sequence[Levels | None]) -> list[tuple[str, Levels]]:
        """What was told last; times are monotonic. Returns what of it is new, by microphone."""
        fresh = []
        for name, one in zip(microphones, levels, strict=False):
            if one is None:
                continue
            seconds = self._seconds.setdefault(name, deque(maxlen=MOST_SECONDS))
            if not seconds or one.time > seconds[-1][0] + NEXT_S:
                seconds.append((one.time, one.la, one.lcpeak))
                fresh.append((name, one))
        return fresh

    def message(self, microphone: str) -> bytes:
        """What the process is told of one."""
        return _message(microphone, list(self._seconds.get(microphone, ())))

    # --- on disk -------------------------------------------------------------------------------------------------------------

    def due(self, now: float) -> bool:
        """Whether it is time to save."""
        if self._kept is None or not self._seconds or now - self._saved < SAVE_EVERY_S:
            return False
        self._saved = now
        return True

    def seconds(self) -> dict[str, list[Second]]:
        """What is to be saved."""
        return {name: list(seconds) for name, seconds in self._seconds.items()}

    def save(self, seconds: dict[str, list[Second]]) -> None:
        """Whole or not at all; for a thread."""
        if self._kept is None:
            return
        data = b"\n".join([self._boot.encode(), *(_message(name, some) for name, some in seconds.items())])
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            new = self._kept.with_suffix(".new")
            new.write_bytes(data)
            new.replace(self._kept)
        except OSError as error:
            log.warning("how loud it was cannot be kept in %s: %s", self._kept, error)

    def _read(self, kept: Path) -> None:
        try:
            boot, *messages = kept.read_bytes()[:MOST_BYTES].split(b"\n")
            if boot != self._boot.encode():
                return
            for data in messages:
                name, newest, past = decode_past(data)
                first = newest - len(past.la) + 1
                known = [(first + n, la, past.peak[n]) for n, la in enumerate(past.la) if la is not None]
                self._seconds[name] = deque(known, maxlen=MOST_SECONDS)
        except FileNotFoundError:
            return
        except (OSError, WireError) as error:
            log.warning("how loud it was before cannot be read from %s: %s", kept, error)


def _message(microphone: str, seconds: list[Second]) -> bytes:
    if not seconds:
        return encode_past(microphone, 0.0, LevelPast())
    newest = seconds[-1][0]
    count = min(MOST_SECONDS, round(newest - seconds[0][0]) + 1)
    la: list[float | None] = [None] * count
    peak = [0.0] * count
    for time, level, highest in seconds:
        at = count - 1 - round(newest - time)
        if at >= 0 and level > 0:  # at 0 nothing was measured
            la[at], peak[at] = level, highest
    return encode_past(microphone, newest, LevelPast(tuple(la), tuple(peak)))
