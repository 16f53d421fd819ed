"""Attacks, and which of the drums was struck, mostly told within two hops of the sound.

Every 5 ms a spectrum is taken of the last 23 ms, under a window that falls off within its last 3 ms only, so that an attack is
seen almost as soon as it is there; triangular filters sum it up in 22 bands from 45 Hz to 11.5 kHz, a third of an octave apart
but for the lowest. Eight such looks (40 ms) and a running mean of about a second, all compressed against a slow follower of the
loudest (so that the gain does not matter), go into one hidden layer of a small net, whose four outputs say whether something, a
kick, a snare (claps and rims among them), or a hat or cymbal was struck within the last two hops: two short layers cost less than
a spectrum. A bass note is told from a kick by what it lacks: the sweep and the knock of the beater.

There is no looking ahead: what exceeds its threshold is told at once and not again before it has fallen well below it. The
weights (onset_weights.npz) were learned by training/onsets.py from music that the project composes, where every stroke is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND, hop_frames
from showctl.analysis.hearing.weights import weights
from showctl.model import NO_STRIKES, Strikes

_Floats = NDArray[np.float32]
_SPAN, _FALL = 1 / 43, 0.003  # s: about so long is a look, and so long the fall of its window
_STEP, _EDGE, _AN_OCTAVE = 45.0, 180.0, 3  # Hz: bands of equal width up to EDGE, then so many an octave
_TILT = 1000.0  # Hz: bands above count for more, as music has less there
_GAIN, _LEAST = 300.0, 1e-3  # of the compression; the loudest is taken for no less than this
_KEEP = 0.5 ** (1 / (3.0 * HOPS_PER_SECOND))  # of the loudest, a hop: it halves within 3 s
_MEAN = np.float32(0.01)  # share of a hop in the running mean
_LOOKS, _A_HOP = 8, 2  # looks that are kept, looks a hop
LATE = 0.012  # s from a stroke to the end of the hop in which it is told, in the mean
OWN = (150.0, 5000.0)  # Hz: kicks are below, hats above
LEAST = 0.001  # strength of what is struck softly
STRUCK = ("kick", "snare", "hat")
KINDS = ("onset", *STRUCK)  # outputs of the net
BANDS = 22
INPUTS = (_LOOKS + 1) * BANDS


def edges() -> NDArray[np.float64]:
    """(BANDS + 2,) Hz: band n rises from edge n to n + 1 and falls to n + 2."""
    low = np.arange(0.0, _EDGE, _STEP)
    return np.concatenate([low, _EDGE * 2.0 ** (np.arange(BANDS + 2 - len(low)) / _AN_OCTAVE)])


class ShortView:
    """What the net is given, hop by hop."""

    def __init__(self, rate: int) -> None:
        size = 1 << round(math.log2(rate * _SPAN))
        fall = round(_FALL * rate)
        ramp = np.concatenate([np.arange(size - fall) / (size - fall), 1 - np.arange(fall) / fall]) * math.pi / 2
        window = np.sin(ramp) ** 2
        self._window = (window * 2 / window.sum()).astype(np.float32)  # a full-scale sine reads 1
        hz, edge = np.arange(size // 2 + 1)[:, None] * rate / size, edges()
        low, middle, high = edge[:-2], edge[1:-1], edge[2:]
        triangles = np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)).clip(0)
        triangles *= np.sqrt(np.maximum(middle, 100) / _TILT) / np.maximum(triangles.sum(axis=0), 1e-9)
        self._filters = triangles.astype(np.float32)
        self._late = (hop_frames(rate) + 1) // 2  # frames of the second half of a hop
        self._ring = np.zeros(size + self._late, np.float32)
        self._both = sliding_window_view(self._ring, size)[:: self._late]  # what is looked at in a hop
        self._looks = np.zeros((_LOOKS + 1, BANDS), np.float32)  # the last row is their running mean
        self._loudest = _LEAST
        self.level = 0.0  # mean magnitude in the loudest band now

    def feed(self, mono: _Floats) -> _Floats:
        """(frames,) of a hop -> (_LOOKS + 1, BANDS) compressed, the latest look last but one, behind it the mean."""
        ring, looks, frames = self._ring, self._looks, len(mono)
        ring[:-frames] = ring[frames:]
        ring[-frames:] = mono
        looks[: _LOOKS - _A_HOP] = looks[_A_HOP:_LOOKS]
        looks[_LOOKS - _A_HOP : _LOOKS] = now = np.abs(np.fft.rfft(self._both * self._window)) @ self._filters
        looks[_LOOKS] += (now[1] - looks[_LOOKS]) * _MEAN
        self.level = float(np.maximum.reduce(now, axis=None))
        self._loudest = max(self._loudest * _KEEP, _LEAST, self.level)
        compressed: _Floats = np.log1p(looks * np.float32(_GAIN / self._loudest))
        return compressed


@dataclass(frozen=True, slots=True)
class Net:
    """The small net: (INPUTS,) -> (4,) how likely each of KINDS, in nepers of odds over its threshold."""

    inward: _Floats  # (INPUTS, hidden)
    inward_bias: _Floats
    outward: _Floats  # (hidden, 4)
    outward_bias: _Floats

    def __call__(self, view: _Floats) -> _Floats:
        hidden = np.maximum(view.reshape(-1) @ self.inward + self.inward_bias, np.float32(0))
        out: _Floats = hidden @ self.outward + self.outward_bias
        return out


def learned() -> Net:
    """The net that is shipped."""
    return Net(**weights("onset_weights.npz"))


@dataclass(frozen=True, slots=True)
class Struck:
    """What begins in a hop; strengths are mean rises in nepers within 20 ms, 0 where nothing does."""

    onset: float = 0.0  # of all bands
    strikes: Strikes = NO_STRIKES  # each in the bands that are its own


NOTHING = Struck()


class Picker:
    """When one kind is told: once a stroke."""

    REFRACTORY = (4, 5, 5, 4)  # hops from one to the next, by KINDS
    REARM = -0.5  # nepers: what was told is not told again before it has been less likely than this

    def __init__(self, kind: int) -> None:
        self._refractory = self.REFRACTORY[kind]
        self._since, self._armed = self._refractory, True

    def feed(self, likely: float, heard: bool) -> bool:
        """`likely` as the net says it; not `heard`: part of what it was said of was not, and it is not told."""
        self._since += 1
        if not heard:
            self._armed = False
        elif likely < self.REARM:
            self._armed = True
        elif likely >= 0 and self._armed:
            return self.tell()
        return False

    def tell(self) -> bool:
        """It is told now, for whatever reason; False where the one before was too short ago."""
        if self._since <= self._refractory:
            return False
        self._armed, self._since = False, 0
        return True


class OnsetDetector:
    """What is struck in a hop.

    Something struck is often sure a hop before what it was: then the likeliest is told with it if it is likely enough, and what
    is sure only later is told without another onset. A drum that nothing was told of is an onset itself.
    """

    CLEAR = 1.7  # nepers: a mean rise of all bands within 20 ms that is an onset whatever the net says, a click in the quiet
    GUESS = -1.0  # nepers from which the likeliest drum is told with an onset
    APART = 5  # hops that the last onset must lie back, that a drum is another one
    GATE = 10 ** (-66 / 20)  # the loudest band of an attack exceeds it

    def __init__(self, rate: int, net: Net | None = None) -> None:
        self._view, self._net = ShortView(rate), net or learned()
        self._pickers = [Picker(kind) for kind in range(len(KINDS))]
        self._last = self.APART  # hops since the last onset
        low, high = np.searchsorted(edges()[1:-1], OWN)
        self._own = (slice(None), slice(0, low), slice(low, high), slice(high, None))

    def feed(self, mono: _Floats, settled: bool) -> Struck:
        """(frames,) of a hop -> what begins in it. Not `settled`: part of the window was never heard, nothing is told."""
        view = self._view.feed(mono)
        rise = np.maximum(view[_LOOKS - 1] - view[_LOOKS - 1 - 2 * _A_HOP], np.float32(0))
        likely = [-math.inf] * len(KINDS)
        if self._view.level >= self.GATE:
            likely = self._net(view).tolist()
            likely[0] = max(likely[0], float(np.add.reduce(rise) / np.float32(BANDS)) - self.CLEAR)
        told = [picker.feed(one, settled) for picker, one in zip(self._pickers, likely, strict=True)]
        self._last += 1
        if not any(told):
            return NOTHING
        if not any(told[1:]):
            best = max(range(1, len(KINDS)), key=likely.__getitem__)
            told[best] = likely[best] >= self.GUESS and self._pickers[best].tell()
        elif not told[0] and self._last > self.APART:
            told[0] = self._pickers[0].tell()
        if told[0]:
            self._last = 0
        pairs = zip(told, self._own, strict=True)
        onset, kick, snare, hat = (max(LEAST, round(float(rise[own].mean()), 3)) if now else 0.0 for now, own in pairs)
        return Struck(onset, (kick, snare, hat))
