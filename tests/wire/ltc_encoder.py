"""Linear time code as a tape machine plays it, made for tests: an encoder of our own, and noise that is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.wire.timecode import Face, Rate

SYNC = "0011111111111101"


def label(number: int, rate: Rate) -> Face:
    """The clock of a frame, by counting: drop frame leaves out two numbers of each minute but every tenth."""
    if rate is Rate.DROP:
        tens, rest = divmod(number, 17_982)
        number += 18 * tens + (0 if rest < 1800 else 2 * ((rest - 1800) // 1798 + 1))
    secs, frames = divmod(number, rate.face)
    return Face(secs // 3600 % 24, secs // 60 % 60, secs % 60, frames)


def bits(face: Face, drop: bool = False, user: int = 0) -> str:
    """80 bits in the order of the tape."""
    frame = [0] * 64
    hours, minutes, secs, frames = (int(one) for one in face)
    for at, width, value in (
        *((0, 4, frames % 10), (8, 2, frames // 10), (10, 1, int(drop)), (16, 4, secs % 10), (24, 3, secs // 10)),
        *((32, 4, minutes % 10), (40, 3, minutes // 10), (48, 4, hours % 10), (56, 2, hours // 10)),
        *((at, 4, user) for at in range(4, 64, 8)),
    ):
        for i in range(width):
            frame[at + i] = value >> i & 1
    return "".join(map(str, frame)) + SYNC


def tape(first: int, count: int, rate: Rate, user: int = 0) -> str:
    """The bits of so many frames."""
    return "".join(bits(label(first + i, rate), rate is Rate.DROP, user) for i in range(count))


def play(
    written: str,
    rate: Rate,
    sampled: int = 48_000,
    speed: float | NDArray[np.float64] = 1.0,
    level: float = 0.5,
    lead: float = 0.0,
) -> NDArray[np.float32]:
    """The sound of bits, from the end where the speed is below 0, with edges as a sound card has them.

    `speed` may be a curve, one value a sample; `lead` (samples, a fraction too) is silence before.
    """
    turns = [0.0]
    for i, one in enumerate(written if np.all(np.asarray(speed) > 0) else written[::-1]):
        turns += [i + 0.5] * (one == "1") + [i + 1.0]
    a_bit = rate.real * 80 / sampled * np.abs(np.asarray(speed, np.float64))
    long = int(np.ceil(len(written) / np.min(a_bit))) + 8 if a_bit.ndim == 0 else len(a_bit)
    place = (np.arange(long) - lead) * a_bit if a_bit.ndim == 0 else np.cumsum(a_bit)
    side = np.where(np.searchsorted(turns, place, side="right") % 2 == 1, 1.0, -1.0)
    side[(place < 0) | (place > len(written))] = 0.0
    soft = np.convolve(side, np.ones(3) / 3, mode="same")  # a sound card has no square edges
    return (soft * level).astype(np.float32)
