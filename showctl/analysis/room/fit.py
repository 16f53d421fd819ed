"""The equaliser that fits a room: from curves at one or several microphones to bands that a device can be set to.

What the microphones agree upon (`consensus`) is undone by bands (`solver`), within limits: of each band its gain and Q, and of
all together the *summed boost*. Limits on single bands do not limit their sum, so that has a limit of its own, 0 dB unless
told: a room is mended by taking away. It holds from 20 Hz to 20 kHz, also between the points that were fitted, for the bands
as they are sent.

They are sent on the steps of the device. Frequencies are put on steps first, then Qs, then one gain after the other, and each
time the rest is fitted again: what one rounding spoils, others make good. Bands of less than LEAST dB are left out, and two that
are one become it.

A standing equaliser may be given: its bands move, in their order and no farther than is of use (`solver.NEAR`), since many
cascades do nearly the same and moving takes its time; only where a fit from nothing leaves a fifth as much or less (BETTER) are
they given up: between two cascades that do the same the curve is worse than at either end, and whoever turns to the other one
half-way is never at any. Where nothing is trusted they stay. The curves are always those of the room WITHOUT equaliser; who
measures through one takes `biquad.cascade_db` of it off. All in Hz and dB; the level of the curves does not matter, that of the
whole is the fader's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.biquad import RATE, SHELF_Q, Array, cascade_db
from showctl.analysis.room.consensus import Consensus, consensus
from showctl.analysis.room.devices import GENERIC, Device
from showctl.analysis.room.solver import POINTS, SHELVES, Cascade, Problem
from showctl.model import EqBand

LEAST = 0.5  # dB, a band that does less is left out
BETTER = 0.2  # of the standing equaliser's cost: above that, its bands stay
ANCHOR = 0.1  # weight of what a standing equaliser does where nothing is known, against what is known
SPARE = 0.02  # dB of the summed boost that the solver keeps clear of
OVER = 0.05  # dB over the limit that rounding may leave
NEAR, ALIKE = 0.5, 1.0  # octaves of frequency, at a Q of 1, and of Q that two bands are apart at least
REACH = 0.5  # octaves beyond what the system plays that a band may lie
DENSE = 20.0 * 2.0 ** (np.arange(math.floor(math.log2(1000.0) * 96) + 1) / 96)  # Hz, on which the summed boost is looked for
DENSE = np.append(DENSE, 20_000.0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What no fit may go beyond. Gains in dB: `cut` <= 0 <= `lift` for each band, `boost` >= 0 for all together."""

    cut: float = -12.0
    lift: float = 3.0
    narrow: float = 8.0  # Q
    wide: float = 0.5  # Q
    boost: float = 0.0

    def __post_init__(self) -> None:
        if not (self.cut <= 0 <= self.lift and 0 < self.wide < self.narrow and self.boost >= 0 and math.isfinite(self.boost)):
            raise ValueError(f"limits contradict each other: {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """An equaliser, and what it does to the mean of the microphones. Arrays (points,)."""

    bands: tuple[EqBand, ...]  # on the device's steps; those of a standing equaliser first, in their order
    boost: float  # dB, the most that all bands together add, 20 Hz..20 kHz; 0 or less where they only take away
    before: float  # dB RMS of the mean curve within the system band, its level taken out
    after: float  # the same behind the equaliser
    freqs: Array  # Hz
    mean: Array  # dB, 0 outside the system band
    eq: Array  # dB
    band: NDArray[np.bool_]  # where the system plays and is trusted


def fit(
    freqs: Array,
    curves: Array,
    *,
    trust: Array | None = None,
    device: Device = GENERIC,
    bands: int = 10,
    limits: Limits = Limits(),
    standing: tuple[EqBand, ...] = (),
    rate: float = RATE,
) -> Fitted:
    """Curves (microphones, f) of dB over the target at rising freqs (f,) Hz, each as far as `trust` 0..1 (microphones, f) goes.

    At most so many bands and as the device has them. ValueError, in one line for people, as `consensus` has it, and where device
    and limits leave nothing to set.
    """
    heard = consensus(freqs, curves, trust)
    problem = _problem(_anchored(heard, standing, rate), device, limits, standing, rate)
    problem, found = _sought(problem, min(bands, device.bands), standing)
    sent = _settled(problem, found, device, limits)
    sent = _held(sent, device, limits, rate)
    eq = cascade_db(sent, POINTS, rate)
    return Fitted(
        tuple(sent),
        summed_boost(sent, rate),
        _rms(heard.mean, heard.band),
        _rms(heard.mean + eq, heard.band),
        POINTS,
        heard.mean,
        eq,
        heard.band,
    )


def summed_boost(bands: tuple[EqBand, ...] | list[EqBand], rate: float = RATE) -> float:
    """dB, the most that bands add together between 20 Hz and 20 kHz, between the points of a dense grid as well."""
    level = cascade_db(bands, _below(DENSE, rate), rate)
    top = int(np.argmax(level))
    if not 0 < top < len(level) - 1:
        return float(level[top])
    left, middle, right = level[top - 1 : top + 2]
    bend = left - 2 * middle + right  # of the parabola through the three
    return float(middle - (left - right) ** 2 / (8 * bend)) if bend < 0 else float(middle)


def _below(freqs: Array, rate: float) -> Array:
    return freqs[freqs < 0.499 * rate]


def _anchored(heard: Consensus, standing: tuple[EqBand, ...], rate: float) -> Consensus:
    """Where nothing is known, what a standing equaliser does there is wanted, with little weight."""
    if not standing:
        return heard
    eq, known = cascade_db(standing, POINTS, rate), heard.weight > 0
    level = float(np.average((heard.common + eq)[known], weights=heard.weight[known]))
    common = np.where(known, heard.common, level - eq)
    return replace(heard, common=common, weight=np.where(known, heard.weight, ANCHOR * heard.weight[known].mean()))


def _problem(heard: Consensus, device: Device, limits: Limits, standing: tuple[EqBand, ...], rate: float) -> Problem:
    own, played = [band.freq for band in standing], POINTS[heard.band]
    lowest = max(20.0, min([played[0] * 2**-REACH, *own]))
    highest = min(20_000.0, 0.45 * rate, max([played[-1] * 2**REACH, *own]))
    freqs, gains, qs = (
        scale.between(low, high)[[0, -1]]
        for scale, low, high in (
            (device.freq, lowest, highest),
            (device.gain, limits.cut, limits.lift),
            (device.q, limits.wide, limits.narrow),
        )
    )
    low, high = np.array([np.log2(freqs), gains, np.log2(qs)]).T[[0, 1]]
    return Problem(heard.common, heard.weight, limits.boost - SPARE, low, high, device.kinds, rate)


def _sought(problem: Problem, most: int, standing: tuple[EqBand, ...]) -> tuple[Problem, Cascade]:
    """The best bands, off the device's steps, without those that do nothing; and the problem that they are the best of."""
    found = problem.changed(problem.filled((), np.zeros((0, 3)), most))
    kept = [band for band in standing if band.kind in problem.kinds][:most]
    if kept:
        kinds = [band.kind for band in kept]
        given = np.array([[math.log2(band.freq), band.gain, math.log2(band.q)] for band in kept])
        tied = problem.tied(kinds, given)
        warm = tied.filled(kinds, given, most)
        if found.cost > BETTER * problem.cost(warm.sum, warm.lift, warm.given):
            problem, found = tied, warm
    while (pair := _doubled(problem, found)) is not None:
        one, other = pair
        left, values = found.without(other)
        values[one, 1] += found.given[other, 1]
        problem = problem.joined(one, other)
        found = problem.moved(left, values, 20)
    while (weak := np.flatnonzero(np.abs(found.given[:, 1]) < LEAST)).size:
        weakest = int(weak[np.argmin(np.abs(found.given[weak, 1]))])
        problem = problem.released(weakest)
        found = problem.moved(*found.without(weakest), 20)
    return problem, found


def _doubled(problem: Problem, found: Cascade) -> tuple[int, int] | None:
    """Two bands, the earlier first, that could be one: as wide, at one place, and together within what one may do."""
    freq, gain, q = found.given.T
    for other in range(len(found.kinds)):
        for one in range(other):
            if (
                found.kinds[one] == found.kinds[other]
                and abs(freq[one] - freq[other]) < NEAR / 2.0 ** max(q[one], q[other])
                and abs(q[one] - q[other]) < ALIKE
                and problem.low[1] <= gain[one] + gain[other] <= problem.high[1]
            ):
                return one, other
    return None


def _settled(problem: Problem, found: Cascade, device: Device, limits: Limits) -> list[EqBand]:
    """The bands on the device's steps: frequencies, Qs, then the gains one by one, the rest fitted again each time."""
    given, fixed = found.given.copy(), np.zeros(found.given.shape, dtype=bool)
    low, high = 2.0**problem.low, 2.0**problem.high
    for column, scale in ((0, device.freq), (2, device.q)):
        for i, kind in enumerate(found.kinds):
            top = min(high[column], SHELF_Q) if column == 2 and kind in SHELVES else high[column]
            given[i, column] = math.log2(scale.nearest(2.0 ** given[i, column], low[column], top))
        fixed[:, column] = True
        given = problem.moved(found.kinds, given, 8, fixed).given.copy()
    for i in np.argsort(-np.abs(given[:, 1]), kind="stable"):
        given[i, 1] = device.gain.nearest(given[i, 1], limits.cut, limits.lift)
        fixed[i, 1] = True
        given = problem.moved(found.kinds, given, 2, fixed).given.copy()
    on = [i for i in range(len(given)) if abs(given[i, 1]) >= LEAST]
    return [
        EqBand(found.kinds[i], device.freq.nearest(2.0 ** given[i, 0]), float(given[i, 1]), device.q.nearest(2.0 ** given[i, 2]))
        for i in on
    ]


def _held(bands: list[EqBand], device: Device, limits: Limits, rate: float) -> list[EqBand]:
    """The bands, their summed boost within the limit: the one that lifts most where it is greatest gives way."""
    while bands and (over := summed_boost(bands, rate) - limits.boost) > OVER:
        where = DENSE[[int(np.argmax(cascade_db(bands, _below(DENSE, rate), rate)))]]
        lifts = [float(cascade_db([band], where, rate)[0]) for band in bands]
        i = int(np.argmax(lifts))
        less = device.gain.values()
        gain = float(less[less <= max(0.0, bands[i].gain - over) + 1e-9][-1])
        gain = gain if gain < bands[i].gain else float(less[less < bands[i].gain - 1e-9][-1])
        bands = [EqBand(b.kind, b.freq, gain, b.q) if j == i else b for j, b in enumerate(bands)]
        bands = [band for band in bands if abs(band.gain) >= LEAST]
    return bands


def _rms(curve: Array, band: NDArray[np.bool_]) -> float:
    return float(np.std(curve[band]))
