"""Two renders side by side: where, when and how much the light of one differs from that of the other.

A render is a folder as `outputs.record` writes it. It is read frame by frame, so memory does not grow with its length.

What is compared are channels: the slots of all universes that both have or, where the venue is known, the parameters of its
fixtures, fine slots included. The looks of the one with more frames are held against the other's. Where the other has a frame
of the very time they must be equal; else a level counts as the same if it lies between those of the frames before and after,
so that a fade does not differ from itself at another rate.

A difference is a span of time: of one channel, with pauses of up to GAP seconds in it, and the two levels where they lie
furthest apart. Times in seconds, levels as raw numbers of the slots (0..255, with a fine slot 0..65535).
"""

from __future__ import annotations

import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showctl.model import WireError
from showctl.plan import Plan
from showctl.wire.journal import decode_happened

GAP = 0.5  # s
SOON = 0.05  # s by which a cue may come at another time before it is told
MOST_SPANS = 100_000  # that are kept; more are counted
MOST_CUES = 100_000
CHUNK = 16_000_000  # bytes of frames that are read at a time

Raw = NDArray[np.int64]
Look = NDArray[np.uint8]


class NoRender(ValueError):
    """A folder that holds no render; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A cue that was fired."""

    time: float  # s
    list: str
    cue: str
    name: str


class Render:
    """A render on the disk. Raises NoRender, OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = sorted(folder.glob("frames-*.npz"), key=lambda path: (len(path.name), path.name))
        if not self._files:
            raise NoRender(f"{folder}: no frames-NNNN.npz there (make one: showctl render VENUE SHOW --out {folder})")
        times, universes = zip(*(self._head(path) for path in self._files), strict=True)
        self.times: NDArray[np.float64] = np.concatenate(times)
        self.universes: tuple[int, ...] = tuple(int(u) for u in universes[0])
        if any(tuple(u) != self.universes for u in universes) or (np.diff(self.times) <= 0.0).any():
            raise NoRender(f"{folder}: its files are of different renders (render again: an old one is removed)")

    @property
    def period(self) -> float:
        """Seconds from one frame to the next, as they mostly are."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.0

    def frames(self, rows: list[int]) -> Iterator[tuple[float, Look]]:
        """Time and look (len(rows), 512) of every frame; `rows` are indices of `universes`."""
        step = max(1, CHUNK // (512 * max(1, len(self.universes))))
        number = 0
        for path in self._files:
            try:
                with zipfile.ZipFile(path) as archive, archive.open("slots.npy") as member:
                    np.lib.format.read_magic(member)
                    count, universes, _ = np.lib.format.read_array_header_1_0(member)[0]
                    for first in range(0, count, step):
                        size = min(step, count - first)
                        data = np.frombuffer(member.read(size * universes * 512), dtype=np.uint8)
                        for look in data.reshape(size, universes, 512):
                            yield float(self.times[number]), look[rows]
                            number += 1
            except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
                raise NoRender(f"{path}: not a file of frames: {error}") from error

    def cues(self) -> list[Fired]:
        """Every cue that was fired; empty where nothing was written down."""
        path, found = self.folder / "events.jsonl", list[Fired]()
        if not path.exists():
            return found
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                try:
                    happened = decode_happened(line)
                except WireError as error:
                    raise NoRender(f"{path}:{number}:1: error: {error}") from error
                if happened.type == "cue" and len(found) < MOST_CUES:
                    data = dict(happened.data)
                    found.append(Fired(happened.time, str(data["list"]), str(data["cue"]), str(data.get("name") or "")))
        return found

    def _head(self, path: Path) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
        try:
            with np.load(path) as data:
                return data["time"], data["universe"]
        except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
            raise NoRender(f"{path}: not a file of frames: {error}") from error


class Channels:
    """What is compared: slots, or parameters of a plan. `top` is the highest raw level of each."""

    def __init__(self, universes: list[int], plan: Plan | None) -> None:
        rows = {universe: row for row, universe in enumerate(universes)}
        if plan is None:
            self.names = [(f"{u}/{slot}", "") for u in universes for slot in range(1, 513)]
            places: list[tuple[int, ...]] = [(row * 512 + slot,) for row in rows.values() for slot in range(512)]
            self._ends = np.tile([0.0, 255.0], (len(places), 1))
        else:
            own = [p for p in plan.parameters if p.slots and p.universe in rows]
            self.names = [(p.fixture, f"{p.name}:{p.cell}" if p.cell else p.name) for p in own]
            places = [tuple(rows[p.universe] * 512 + s - 1 for s in p.slots) for p in own]
            self._ends = np.array([p.span[:: -1 if p.invert else 1] for p in own]).reshape(-1, 2) * 100.0
        widths = np.array([len(p) for p in places], dtype=np.int64)
        self.top: Raw = 256**widths - 1
        self._places = [
            np.array([p[k] if k < len(p) else -1 for p in places], dtype=np.int64) for k in range(max(widths, default=0))
        ]
        self._straight = plan is None

    def read(self, look: Look) -> Raw:
        """The raw level of each channel in a look."""
        flat = look.reshape(-1)
        if self._straight:
            return flat.astype(np.int64)
        raw = np.zeros(len(self.names), dtype=np.int64)
        for places in self._places:
            raw = np.where(places >= 0, raw * 256 + flat[places], raw)
        return raw

    def level(self, channel: int, raw: int) -> float:
        """A raw level in % of the parameter's range; of a slot 0..255."""
        if self._straight:
            return float(raw)
        start, end = self._ends[channel]
        return float((100.0 * raw / self.top[channel] - start) / (end - start) * 100.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One channel differs for a while."""

    channel: int
    begin: float  # s
    end: float  # s
    a: int  # raw levels where they lie furthest apart
    b: int


@dataclass(slots=True)
class Compared:
    """What two renders have not in common."""

    channels: Channels
    differences: list[Difference] = field(default_factory=list)
    more: int = 0  # that were not kept
    only_a: list[int] = field(default_factory=list)  # universes
    only_b: list[int] = field(default_factory=list)
    ends: tuple[float, float] = (0.0, 0.0)  # s, of the last frame
    lasts_longer: bool = False  # one of them does
    cues: list[Fired] = field(default_factory=list)  # of A
    moved: list[tuple[Fired | None, Fired | None]] = field(default_factory=list)  # cues of A and B that are not at the same time

    @property
    def differ(self) -> bool:
        """Whether there is anything."""
        return bool(self.differences or self.only_a or self.only_b or self.lasts_longer or self.moved)


def compare(a: Render, b: Render, plan: Plan | None = None) -> Compared:
    """Hold render B against render A; names and levels of a `plan` where it is given. NoRender, OSError."""
    both = [u for u in a.universes if u in b.universes]
    found = Compared(
        Channels(both, plan),
        only_a=[u for u in a.universes if u not in both],
        only_b=[u for u in b.universes if u not in both],
        ends=(float(a.times[-1]), float(b.times[-1])),
        lasts_longer=abs(float(a.times[-1] - b.times[-1])) > 1.01 * max(a.period, b.period),
        cues=(cues := a.cues()),
        moved=_moved(cues, b.cues()),
    )
    turned = len(b.times) / max(1e-9, b.times[-1]) > len(a.times) / max(1e-9, a.times[-1])
    fine, coarse = (b, a) if turned else (a, b)
    spans = _Spans(found, turned)
    for time, look, low, high in _pairs(fine, coarse, both):
        spans.look(time, look, low, high)
    spans.close()
    found.differences.sort(key=lambda one: (one.begin, one.channel))
    return found


def _moved(a: list[Fired], b: list[Fired]) -> list[tuple[Fired | None, Fired | None]]:
    """Cues that come at another time in B, or in one of the two alone: the first of A is the first of B, and so on."""
    of_b: dict[tuple[str, str], deque[Fired]] = {}
    for one in b:
        of_b.setdefault((one.list, one.cue), deque()).append(one)
    moved: list[tuple[Fired | None, Fired | None]] = []
    for one in a:
        others = of_b.get((one.list, one.cue))
        other = others.popleft() if others else None
        if other is None or abs(other.time - one.time) > SOON:
            moved.append((one, other))
    return moved + [(None, one) for others in of_b.values() for one in others]


def _pairs(fine: Render, coarse: Render, both: list[int]) -> Iterator[tuple[float, Look, Look, Look]]:
    """Every frame of `fine` and the frames of `coarse` before and after it, as long as there are such."""
    frames = pairwise(coarse.frames([coarse.universes.index(u) for u in both]))
    first, second = next(frames, (None, None))
    for time, look in fine.frames([fine.universes.index(u) for u in both]):
        while second is not None and second[0] <= time:
            first, second = second, next(frames, (None, None))[1]
        if first is None or time < first[0]:
            continue
        if first[0] == time:
            yield time, look, first[1], first[1]
        elif second is not None:
            yield time, look, first[1], second[1]


class _Spans:
    """Differences of frames, put together to spans."""

    def __init__(self, found: Compared, turned: bool) -> None:
        self._found, self._turned = found, turned
        count = len(found.channels.names)
        self._begin = np.full(count, np.nan)
        self._last = np.full(count, np.inf)
        self._worst = np.zeros(count)
        self._one: Raw = np.zeros(count, dtype=np.int64)
        self._other: Raw = np.zeros(count, dtype=np.int64)

    def look(self, time: float, look: Look, low: Look, high: Look) -> None:
        """Take a frame and what it is held against."""
        self._end(self._last < time - GAP)
        if np.array_equal(look, low) or (low is not high and np.array_equal(look, high)):
            return
        read = self._found.channels.read
        one, other = read(look), read(low)
        after = other if low is high else read(high)
        apart = np.maximum(np.minimum(other, after) - one, one - np.maximum(other, after))
        at = np.flatnonzero(apart > 0)
        self._begin[at] = np.where(np.isnan(self._begin[at]), time, self._begin[at])
        self._last[at] = time
        share = apart[at] / self._found.channels.top[at]
        worse = at[share > self._worst[at]]
        self._worst[at] = np.maximum(share, self._worst[at])
        self._one[worse], self._other[worse] = one[worse], other[worse]

    def close(self) -> None:
        """No more frames."""
        self._end(self._last < np.inf)

    def _end(self, ended: NDArray[np.bool_]) -> None:
        if not ended.any():
            return
        for i in map(int, np.flatnonzero(ended)):
            if len(self._found.differences) >= MOST_SPANS:
                self._found.more += 1
                continue
            one, other = int(self._one[i]), int(self._other[i])
            a, b = (other, one) if self._turned else (one, other)
            self._found.differences.append(Difference(i, float(self._begin[i]), float(self._last[i]), a, b))
        self._begin[ended], self._last[ended], self._worst[ended] = np.nan, np.inf, 0.0
