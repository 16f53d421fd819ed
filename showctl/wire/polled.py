"""An equaliser that is asked as a whole what it holds, and told band by band: what it is, what it is to be, whose it is. PURE.

For devices that take a band at once and swap their filters at once, so that a large step cracks: what is asked for is sent in
pieces of which none is heard as more than PIECE dB. A round is: what the device holds comes in (`read`), what is to be sent next
goes out (`due`). A band that is neither what was known nor what was sent is somebody else's: TOUCHED, and what was on its way to
it is dropped. A piece that never arrives is sent TRIES times, then given up, and said. What kind of filter a band is changes only
where the device lets it (`kinds`), and at 0 dB.

Limits give way to what was found: nothing is moved that was not asked for, so what stands beyond them may stay, and may not go
farther. Freq in Hz, gain in dB.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from showctl.model import ConsoleState, EqBand
from showctl.wire.x32 import Limits

PIECE = 0.5  # dB
TRIES = 8  # rounds in which a piece is sent before it is given up
FREQ_SLOPE, Q_SLOPE = 1.4, 0.35  # of a peaking band's level, most: dB an octave of its frequency, per dB and Q; of its Q, per dB
SHELF_Q = 0.75  # a steeper shelf changes by more than its gain does
FLAT = 1e-3  # dB, a band of no more is none
RATE, HIGHEST = 48_000.0, 20_000.0  # Hz: near half the rate filters are narrower than they say
Bands: TypeAlias = tuple[EqBand, ...]
Alike: TypeAlias = Callable[[EqBand, EqBand], bool]


def alike(one: EqBand, other: EqBand) -> bool:
    """Whether two bands are the same number, once through 32 bits and six decimals."""
    near = math.isclose(one.freq, other.freq, rel_tol=1e-5) and math.isclose(one.q, other.q, rel_tol=1e-5, abs_tol=1e-5)
    return near and one.kind == other.kind and abs(one.gain - other.gain) < 1e-4


def along(one: EqBand, other: EqBand, x: float) -> EqBand:
    """A band between two, x of the way: straight in dB, and in octaves."""
    freq, q = one.freq * (other.freq / one.freq) ** x, one.q * (other.q / one.q) ** x
    return EqBand(other.kind, freq, one.gain + x * (other.gain - one.gain), q)


def size(one: EqBand, other: EqBand) -> float:
    """dB that at most are heard of a change of one band into another that is near."""
    gain, q = max(abs(one.gain), abs(other.gain)), max(one.q, other.q)
    if one.kind != other.kind:
        return 0.0 if gain <= FLAT else math.inf
    by_gain, by_freq, by_q = _slopes(one.kind, q)
    angle = 2 * math.pi * min(max(one.freq, other.freq), HIGHEST) / RATE
    moved = by_freq * angle / math.sin(angle) * abs(math.log2(other.freq / one.freq))
    return by_gain * abs(one.gain - other.gain) + gain * (moved + by_q * abs(math.log2(other.q / one.q)))


def _slopes(kind: str, q: float) -> tuple[float, float, float]:
    """dB, at most, that a band's level changes with a dB of its gain, and for each dB of it with an octave of its frequency and
    of its Q. Those of shelves are bounds of what was found up to a Q of 10."""
    if kind == "peaking":
        return 1.0, FREQ_SLOPE * q, Q_SLOPE
    return 1.0 + 0.5 * max(0.0, q - SHELF_Q), 2.0 * q * (1.0 + q), 0.37 * max(1.0, 1.35 * q)


def within(band: EqBand, limits: Limits, there: Sequence[EqBand] = ()) -> EqBand:
    """A band inside of the limits, or of what stands there already. ValueError for what is no number."""
    if not all(map(math.isfinite, (band.freq, band.gain, band.q))) or band.freq <= 0 or band.q <= 0:
        raise ValueError(f"{band} is no band: frequency and Q are above zero, and all of it is finite")
    freqs, gains, qs = ([getattr(one, key) for one in there] for key in ("freq", "gain", "q"))
    return EqBand(
        band.kind, _held(band.freq, limits.freq, freqs), _held(band.gain, limits.gain, gains), _held(band.q, limits.q, qs)
    )


def _held(value: float, limits: tuple[float, float], there: Sequence[float]) -> float:
    return min(max(value, min(limits[0], *there, limits[0])), max(limits[1], *there, limits[1]))


class Polled:
    """One equaliser; bands count from 0. `snap` is the nearest band that the device can hold, `same` whether two bands are one to
    it, `kinds` are what a band may become besides what it is."""

    def __init__(
        self,
        limits: Limits,
        snap: Callable[[EqBand], EqBand] = lambda band: band,
        same: Alike = alike,
        kinds: Sequence[str] = (),
    ) -> None:
        self.limits, self._snap, self._same, self._kinds = limits, snap, same, kinds
        self.known: Bands = ()  # as last read
        self.counts = dict.fromkeys(("written", "retried", "dropped", "touched"), 0)
        self.refused: dict[int, str] = {}  # bands that do not become what is written, in words
        self._found: Bands = ()
        self._goal: dict[int, EqBand] = {}
        self._sent: dict[int, list[EqBand]] = {}  # since the band was last seen to be one of these
        self._tries: dict[int, int] = {}
        self._touched: set[int] = set()  # since `take`
        self._times = 0  # that it was found anew

    def read(self, bands: Bands) -> None:
        """What the device says that it holds. Another number of bands is another equaliser: all is forgotten."""
        if len(bands) != len(self.known):
            if self.known:
                self.forget()
            self.known = self._found = bands
            return
        for i in self.others(bands):
            self._hand(i)
        for i, sent in list(self._sent.items()):
            if self._same(bands[i], sent[-1]):
                self._sent.pop(i)
                self._tries.pop(i, None)
        self.known = bands

    def others(self, bands: Bands) -> list[int]:
        """Which of as many bands are neither what was known nor what was sent: somebody else's."""
        pairs = enumerate(zip(self.known, bands, strict=True))
        return [i for i, (was, band) in pairs if not any(self._same(band, one) for one in (was, *self._sent.get(i, ())))]

    def forget(self) -> None:
        """It is another one from now on, or has loaded what it once held: what it holds then is nobody's hand."""
        self.counts["dropped"] += len(self._goal)
        self.known = self._found = ()
        self._goal, self._sent, self._tries, self._touched, self.refused = {}, {}, {}, set(), {}
        self._times += 1

    def _hand(self, i: int) -> None:
        self.counts["touched"] += 1
        self.counts["dropped"] += self._goal.pop(i, None) is not None
        self._sent.pop(i, None)
        self._tries.pop(i, None)
        self.refused.pop(i, None)
        self._touched.add(i)

    def write(self, index: int, to: EqBand, found: EqBand | None = None) -> bool:
        """Have a band become this, within the limits or what was `found` of it once; False where it may not be written to. Raises
        ValueError for what is no band, or not one of it."""
        if self.known and not 0 <= index < len(self.known):
            raise ValueError(f"there are {len(self.known)} bands, and no band {index + 1}")
        if not self.known or index in self._touched or to.kind not in (self.known[index].kind, *self._kinds):
            self.counts["dropped"] += 1
            return False
        there = [self.known[index], self._found[index], *([found] if found is not None else [])]
        self._goal[index] = self._snap(within(to, self.limits, there))
        self._tries.pop(index, None)
        self.refused.pop(index, None)
        return True

    def due(self) -> dict[int, EqBand]:
        """What is to be sent now: of every band that is not yet what it is to be the next piece of its way."""
        out: dict[int, EqBand] = {}
        for i, goal in list(self._goal.items()):
            if self._same(self.known[i], goal) and i not in self._sent:
                del self._goal[i]
                continue
            out[i] = piece = self._piece(self.known[i], goal)
            again = bool(self._sent.get(i)) and self._same(self._sent[i][-1], piece)
            self._tries[i] = self._tries.get(i, 0) + 1 if again else 1
            if self._tries[i] > TRIES:
                self._give_up(i, out.pop(i))
                continue
            self.counts["retried" if again else "written"] += 1
            self._sent[i] = [*self._sent.get(i, [])[-TRIES:], piece]
        return out

    def _give_up(self, i: int, band: EqBand) -> None:
        self.refused[i] = f"band {i + 1} does not become {band.freq:.4g} Hz, {band.gain:+.2f} dB, Q {band.q:.3g}"
        self._goal.pop(i)
        self._tries.pop(i)

    def _piece(self, band: EqBand, goal: EqBand) -> EqBand:
        """The next piece of a way, the shorter one: there at once, or down to 0 dB, over, and up again. The whole of it where the
        device has no step that is smaller."""
        if size(band, goal) > sum(_slopes(one.kind, one.q)[0] * abs(one.gain) for one in (band, goal)) + PIECE:
            goal = replace(goal if self._same(replace(band, gain=0.0), band) else band, gain=0.0)
        ways = math.ceil(size(band, goal) / PIECE - 1e-6)
        piece = self._snap(along(band, goal, 1 / ways)) if ways > 1 else self._snap(goal)
        return self._snap(goal) if self._same(piece, band) else piece

    def fall_silent(self) -> None:
        """The device does not answer: what is on its way is given up; what arrived of it all the same is ours."""
        self.counts["dropped"] += len(self._goal)
        self._goal = {}
        self._tries = {}

    def take(self, answered: float | None) -> ConsoleState:
        """What it is, or is about to be, and what was touched since this was asked last."""
        touched, self._touched = tuple(sorted(self._touched)), set()
        bands = tuple(self._goal.get(i, band) for i, band in enumerate(self.known))
        return ConsoleState(answered, bands, True, touched, found=self._times)

    @property
    def settled(self) -> bool:
        """Whether it is confirmed that it is all that it was told to be."""
        return not self._goal

    def flatten(self) -> None:
        """Have every band become flat where it stands, whatever the limits."""
        for i, band in enumerate(self.known):
            self._goal[i] = self._snap(replace(band, gain=0.0))
