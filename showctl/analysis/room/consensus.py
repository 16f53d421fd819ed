"""What the microphones agree upon: of several curves the one that an equaliser should mend, and how much each point of it
counts.

An equaliser does the same at every seat, so only what the seats have in common can be mended. Their mean in dB estimates that,
with an error of the spatial variance over the number of microphones. Two things keep that error out of the bands.

*Shrinkage*: the mean is parted into a smooth course (SPAN octaves, the standard deviation of a Gaussian) and what is rough
about it. Random seats give rough curves even where the system is smooth; as much of the rough part as the variance explains is
taken out, all of it where the seats contradict each other, nothing where they agree (W. James and C. Stein, Proc. 4th Berkeley
Symposium, 1961).

*Weight*: 1 / (variance / microphones + 1 dB^2), and nothing where no microphone is trusted or the system does not play.

One microphone tells no variance; then that of a room is assumed (ALONE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.biquad import Array
from showctl.analysis.room.solver import POINTS

SPAN = 1 / 6  # octaves
ALONE = 4.0  # dB^2, the spatial variance where it cannot be known
ROUGH = 0.5  # share of the variance that is rougher than SPAN
WITHIN = 12.0  # dB below its median that the mean still counts as played by the system
FLOOR = 30.0  # dB below its loudest point, nothing of the mean is the system's: a subwoofer's median is not that of its noise
MOST = 18.0  # dB, what is further off than that is chased no further
GAP = 1 / 4  # octaves, a narrower hole does not end the system band
_OCTAVE = 24  # points


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """On solver.POINTS, all (points,)."""

    mean: Array  # dB, level taken out
    common: Array  # dB, the mean less what is chance
    weight: Array  # 0..1
    band: NDArray[np.bool_]  # where the system plays


def consensus(freqs: Array, curves: Array, trust: Array | None = None) -> Consensus:
    """Rising Hz (f,), curves (microphones, f) in dB and trust 0..1 (microphones, f) in them, all 1 where it is not given.

    ValueError, in one line for people, where shapes do not fit, values are missing that are trusted, or the microphones hear less
    than an octave of the system.
    """
    freqs, curves, trust = _checked(freqs, curves, trust)
    octaves = np.log2(POINTS)
    heard = np.array(
        [_between(octaves, np.log2(freqs[one > 0]), curve[one > 0]) for curve, one in zip(curves, trust, strict=True)]
    )
    trusted = np.array([np.interp(octaves, np.log2(freqs), one, left=0.0, right=0.0) for one in trust])
    count = trusted.sum(axis=0)
    band = _system_band(heard, trusted)
    if band.sum() < _OCTAVE:
        raise ValueError("the microphones hear less than an octave of the system that can be trusted: measure again, louder")
    share = trusted * band
    heard = heard - (share * heard).sum(axis=1, keepdims=True) / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    mean = (trusted * heard).sum(axis=0) / np.maximum(count, 1e-9)
    mean = np.where(band, mean, 0.0).round(6)  # so that neither order nor level of the microphones reaches the solver
    error = _variance(heard - mean, trusted, count, band) / np.maximum(count, 1e-3)
    weight = band * np.minimum(count, 1.0) / (error + 1.0)
    return Consensus(mean, _shrunk(mean, error, band).clip(-MOST, MOST), weight.round(9), band)


def _checked(freqs: Array, curves: Array, trust: Array | None) -> tuple[Array, Array, Array]:
    freqs, curves = np.asarray(freqs, dtype=np.float64), np.atleast_2d(np.asarray(curves, dtype=np.float64))
    given = np.ones(curves.shape) if trust is None else np.atleast_2d(np.asarray(trust, dtype=np.float64))
    if curves.shape != (len(curves), len(freqs)) or given.shape != curves.shape or not len(curves) or len(freqs) < 2:
        raise ValueError(f"curves {curves.shape}, trust {given.shape} and {len(freqs)} frequencies do not fit each other")
    if not (np.isfinite(freqs).all() and (freqs > 0).all() and (np.diff(freqs) > 0).all()):
        raise ValueError("the frequencies of the curves must rise, from above 0 Hz")
    if not (np.isfinite(given).all() and (given >= 0).all() and (given <= 1).all()):
        raise ValueError("trust must lie within 0..1")
    missing = np.argwhere(~np.isfinite(curves) & (given > 0))
    if len(missing):
        mic, point = missing[0]
        raise ValueError(f"microphone {mic + 1} has no level at {freqs[point]:.0f} Hz, yet it is trusted there")
    return freqs, curves, given


def _between(octaves: Array, known: Array, levels: Array) -> Array:
    """Levels between those that are known; untrusted neighbours have no part in them."""
    found: Array = np.interp(octaves, known, levels) if len(known) else np.zeros(len(octaves))
    return found


def _system_band(heard: Array, trusted: Array) -> NDArray[np.bool_]:
    """Points round 1 kHz (or the longest run) whose mean power is within WITHIN of its median; narrow holes in them left out.

    Points that nobody is trusted at are passed over: what lies beyond them belongs to the system as well.
    """
    band = np.zeros(len(POINTS), dtype=bool)
    count = trusted.sum(axis=0)
    known = np.flatnonzero(count > 0)
    if not len(known):
        return band
    top = float(heard[trusted > 0].max())
    mean = 10 * np.log10((trusted * 10 ** ((heard - top) / 10)).sum(axis=0)[known] / count[known] + 1e-30)
    played = mean > mean.max() - FLOOR
    loud = played & (mean > np.median(mean[played]) - WITHIN)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    runs: list[list[int]] = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if runs and begin - runs[-1][1] <= GAP * _OCTAVE:
            runs[-1][1] = end
        else:
            runs.append([begin, end])
    middle = int(np.argmin(np.abs(np.log(POINTS[known] / 1000))))
    begin, end = next((run for run in runs if run[0] <= middle < run[1]), max(runs, key=lambda run: run[1] - run[0]))
    band[known[begin:end]] = loud[begin:end]
    return band


def _variance(apart: Array, trusted: Array, count: Array, band: NDArray[np.bool_]) -> Array:
    """dB^2 between seats, over an octave; leaning on ALONE, with the weight of one microphone."""
    square = (trusted * apart**2).sum(axis=0)
    among: Array = np.maximum(_averaged(np.maximum(count, 1.0), band), 1.0)
    return (ALONE + _averaged(square, band)) / among


def _shrunk(mean: Array, error: Array, band: NDArray[np.bool_]) -> Array:
    """The mean less what of its rough part is chance; `error` is the variance of the mean, dB^2."""
    width = SPAN * _OCTAVE
    kernel = np.exp(-0.5 * (np.arange(-4 * width, 4 * width + 1) / width) ** 2)
    smooth = _convolved(mean, kernel, band)
    rough = mean - smooth
    chance = ROUGH * error / np.maximum(_averaged(rough**2, band), 1e-9)
    common: Array = np.where(band, smooth + np.maximum(0.0, 1.0 - chance) * rough, 0.0)
    return common


def _averaged(values: Array, band: NDArray[np.bool_]) -> Array:
    return _convolved(values, np.ones(_OCTAVE + 1), band)


def _convolved(values: Array, kernel: Array, band: NDArray[np.bool_]) -> Array:
    """The mean of values, weighted by a kernel, over points of the band only; 0 where none is near."""
    weight = np.convolve(band.astype(np.float64), kernel, "same")
    found: Array = np.convolve(np.where(band, values, 0.0), kernel, "same") / np.maximum(weight, 1e-9)
    return found
