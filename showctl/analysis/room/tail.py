"""The end of a decay, where it sinks into the noise: how fast it falls, how high the noise is, how well both are known.

The energy of an octave from some time on is modelled as one exponential and a constant floor. Its mean over a short block is
gamma distributed (noise of bandwidth B has 2 B degrees of freedom a second), so the three numbers are fitted by maximum
likelihood, with Fisher scoring, and the inverse of the information says how far off they may be. The fit begins 15 dB above the
floor: earlier, the decay need not be of the same slope. Where exponential and floor cross, the response is cut (Lundeby, Vigran,
Bietz and Vorländer, Acustica 81, 1995); the exponential stands in for the rest of the energy.

Energy is a sample's square; times are s from the direct sound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

BLOCK_S = 0.01
LEAST_BLOCKS = 15
ABOVE_FLOOR = 10**1.5  # of energy
ROUNDS, STEPS = 3, 60
SLOWEST, FASTEST = 13.8 / 45, 13.8 / 0.035  # 1/s: decay times of 45 s and 35 ms, outside of which no room lies
AS_LIKELY = 3.0  # ln: a model that fits worse by less may be the right one
ANY_ROOM = 0.25  # of the energy beyond the cut: real decays bend where nobody hears it


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows the part of an octave's decay that is heard."""

    end: float  # s, where decay and floor are as strong: the response is cut
    noise: float  # energy of the floor, a sample
    noise_error: float  # its standard error
    rate: float  # 1/s, of the energy's exponential
    rest: float  # energy of all samples after the end
    rest_error: float


@dataclass(frozen=True, slots=True)
class _Fit:
    level: float  # ln of energy at the first block
    rate: float  # ln of 1/s
    noise: float
    unlikely: float  # ln, negative: how badly it fits


def blocks_of(energy: Sound, rate: float) -> Sound:
    """(frames,) -> (blocks,): the mean of each BLOCK_S."""
    size = int(rate * BLOCK_S)
    return np.asarray(energy[: len(energy) // size * size].reshape(-1, size).mean(axis=1), np.float64)


def tail(energy: Sound, rate: float, width: float) -> Tail | None:
    """(frames,) squared response of an octave from the direct sound on, and its bandwidth (Hz) -> its end.

    None where it is too short, or silent at its end.
    """
    blocks = blocks_of(energy, rate)
    if len(blocks) < LEAST_BLOCKS:
        return None
    last = noise = float(blocks[-max(5, len(blocks) // 10) :].mean())
    if not noise > 0.0:
        return None
    for _ in range(ROUNDS):
        loud = np.flatnonzero(blocks > ABOVE_FLOOR * noise)
        begin = min(int(loud[-1]) + 1 if len(loud) else int(np.argmax(blocks)), len(blocks) - LEAST_BLOCKS // 2)
        unit = noise  # so that the three numbers are of the same order
        times, heard = np.arange(0.0, len(blocks) - begin) * BLOCK_S, blocks[begin:] / unit
        fit, spread = _fitted(times, heard, width * BLOCK_S)
        noise = fit.noise * unit
        if abs(fit.noise - 1) < 0.05:
            break
    k, zero = math.exp(fit.rate), (begin + 0.5) * BLOCK_S
    crossing = max(0.0, (fit.level - math.log(fit.noise)) / k)
    end = min(len(blocks) * BLOCK_S, zero + crossing)
    rest = unit * math.exp(fit.level - k * (end - zero)) / k * rate
    slant = np.array([1.0, -(1 + k * (end - zero)), 0.0])  # of ln rest, by ln level, ln rate and noise
    share = math.sqrt(max(float(slant @ spread @ slant), 0.0) + ANY_ROOM**2)
    error = unit * math.sqrt(max(float(spread[2, 2]), 0.0))
    # A slow decay and a floor look alike where little of either is there: the floor may as well be all that is heard last.
    level, _ = _fitted(times, heard, width * BLOCK_S, last / unit)
    if (level.unlikely - fit.unlikely) * width * BLOCK_S < AS_LIKELY:
        error = max(error, abs(last - noise))
    return Tail(end, noise, error, k, rest, rest * share)


def _fitted(times: Sound, blocks: Sound, shape: float, floor: float | None = None) -> tuple[_Fit, NDArray[np.float64]]:
    """The likeliest exponential and floor, and the covariance of its three numbers.

    `blocks` are in units of a first guess of the floor; `shape` is that of their gamma distribution; a
    `floor` that is given is not fitted.
    """
    height = max(float(blocks[:3].mean()) - 1, 1.0)
    over = max(float((blocks - 1).sum()), 1.0) * BLOCK_S
    at = np.array([math.log(height), math.log(min(max(height / over, 2 * SLOWEST), FASTEST / 2)), floor or 1.0])
    unlikely, mean = _deviance(at, times, blocks)
    damping = 1e-3
    for _ in range(STEPS):
        slopes = _slopes(at, times, mean)
        information = slopes.T @ slopes
        step = np.linalg.solve(information + damping * np.diag(np.diag(information) + 1e-12), slopes.T @ (blocks / mean - 1))
        trial = at + np.array([*np.clip(step[:2], -1.0, 1.0), step[2] if floor is None else 0.0])
        trial[1] = min(max(trial[1], math.log(SLOWEST)), math.log(FASTEST))
        trial[2] = max(trial[2], at[2] / 5)
        new, moved = _deviance(trial, times, blocks)
        if new > unlikely:
            damping *= 10
            if damping > 1e8:
                break
            continue
        gained, damped = unlikely - new, damping
        at, unlikely, mean, damping = trial, new, moved, max(damping / 5, 1e-9)
        if gained < 1e-9 * len(blocks) and damped < 1:
            break
    slopes = _slopes(at, times, mean)
    spread = np.asarray(np.linalg.pinv(slopes.T @ slopes * shape), np.float64)
    return _Fit(float(at[0]), float(at[1]), float(at[2]), unlikely), spread


def _deviance(at: Sound, times: Sound, blocks: Sound) -> tuple[float, Sound]:
    """How unlikely the blocks are under a model, and their means under it."""
    mean = np.exp(at[0] - math.exp(at[1]) * times) + at[2]
    return float(np.sum(blocks / mean + np.log(mean))), mean


def _slopes(at: Sound, times: Sound, mean: Sound) -> NDArray[np.float64]:
    """How the ln of the means moves with ln level, ln rate and noise."""
    decaying = mean - at[2]
    return np.asarray(np.stack([decaying, -decaying * math.exp(at[1]) * times, np.ones_like(times)], axis=1) / mean[:, None])
