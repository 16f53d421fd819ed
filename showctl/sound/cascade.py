"""Second-order sections one after the other, for many channels at once, each with sections of its own, block by block.

A recursion over single samples is slow outside a compiled loop, and a loop a channel costs a call a channel. So the cascade of
a channel is written as one linear system with the state s (two numbers a section),

    s' = A s + B x,   y = C s + D x,

and that system is moved STRIDE samples at a time: over a stride the output is a fixed matrix times the state plus a fixed
(Toeplitz, the impulse response) matrix times the input, and so is the new state. All channels and strides go through one
multiplication of matrices each; what is left of a block goes in strides of 16, 8, 4, 2 and 1. It is the same filter to the last
digits, however the sound is cut into blocks, and nothing is later by a sample.

Sections are as scipy.signal.sosfilt takes them: b0 b1 b2 1 a1 a2.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
STRIDE = 32  # samples; a power of two
NOTHING = 1e-30  # a state below this is no sound any more; numbers too small for the processor's fast path would follow


class Cascade:
    """(channels, sections, 6) -> a filter that keeps its state. Every channel has equally many sections, or is filled up.

    ValueError where a section is not stable or not a number: it could never be got rid of again.
    """

    def __init__(self, sections: Array) -> None:
        if not np.isfinite(sections).all():
            raise ValueError("a section of the filter is not a number")
        self.radius = _radius(sections)  # of the slowest pole: what rings, falls by this factor each sample
        if self.radius >= 1.0:
            raise ValueError("a section of the filter is not stable")
        self.channels, count = sections.shape[:2]
        a, b, c, d = _system(sections)
        self._state = np.zeros((self.channels, 2 * count, 1))
        self._moves = {1: a}
        while (known := max(self._moves)) < STRIDE:
            self._moves[2 * known] = self._moves[known] @ self._moves[known]
        self._seen = np.empty((self.channels, STRIDE, 2 * count))  # what the state does to the output of a stride
        self._fed = np.empty((self.channels, 2 * count, STRIDE))  # what its input does to the state
        for k in range(STRIDE):
            self._seen[:, k], c = c[:, 0], c @ a
            self._fed[:, :, STRIDE - 1 - k], b = b[:, :, 0], a @ b
        self._heard = _toeplitz(np.concatenate((d, (self._seen[:, :-1] @ self._fed[:, :, -1:])[:, :, 0]), axis=1))

    def settles(self, share: float) -> int:
        """Samples after which what an unfitting state added has fallen to `share`, in the slowest section."""
        return math.ceil(math.log(share) / math.log(self.radius)) if self.radius > 0.0 else 0

    def take_over(self, other: Cascade) -> None:
        """Begin with the state of another cascade, section by section: exact where they are the same, near where nearly so."""
        both = min(self._state.shape[1], other._state.shape[1])
        self._state[:, :both] = other._state[:, :both]
        self._state[:, both:] = 0.0

    def process(self, samples: Array) -> Array:
        """(frames, channels) -> the same, filtered; any number of frames."""
        if not self._state.shape[1]:
            return samples
        out = np.empty_like(samples)
        done, stride = 0, STRIDE
        while done < len(samples):
            strides = (len(samples) - done) // stride
            if strides:
                end = done + strides * stride
                out[done:end] = self._strides(samples[done:end], stride)
                done = end
            stride //= 2
        self._state[np.abs(self._state) < NOTHING] = 0.0
        return out

    def _strides(self, samples: Array, stride: int) -> Array:
        """Whole strides of one length."""
        given = samples.T.reshape(self.channels, -1, stride).swapaxes(1, 2)  # (channels, stride, strides)
        states = self._fed[:, :, STRIDE - stride :] @ given
        move, state = self._moves[stride], self._state
        for k in range(states.shape[2]):
            before, state = state, move @ state
            state += states[:, :, k : k + 1]
            states[:, :, k : k + 1] = before
        self._state = state
        heard: Array = self._heard[:, :stride, :stride] @ given
        heard += self._seen[:, :stride] @ states
        return heard.swapaxes(1, 2).reshape(self.channels, -1).T


def _system(sections: Array) -> tuple[Array, Array, Array, Array]:
    """A (channels, n, n), B (channels, n, 1), C (channels, 1, n) and D (channels, 1) of the sections in series, n two each."""
    channels, count = sections.shape[:2]
    a, b = np.zeros((channels, 2 * count, 2 * count)), np.zeros((channels, 2 * count, 1))
    c, d = np.zeros((channels, 1, 2 * count)), np.ones((channels, 1))
    for k in range(count):
        b0, b1, b2, _, a1, a2 = (sections[:, k, n, None] for n in range(6))
        into = np.stack((b1 - a1 * b0, b2 - a2 * b0), axis=1)  # (channels, 2, 1): what a sample does to this section's state
        here = slice(2 * k, 2 * k + 2)
        a[:, here] = into @ c  # its input is the output of those before it
        a[:, here, here] = np.stack((np.concatenate((-a1, np.ones_like(a1)), 1), np.concatenate((-a2, np.zeros_like(a2)), 1)), 1)
        b[:, here] = into * d[:, :, None]
        c = c * b0[:, :, None]
        c[:, 0, 2 * k] = 1.0
        d = d * b0
    return a, b, c, d


def _radius(sections: Array) -> float:
    """The largest magnitude of a pole, 0 without any section."""
    a1, a2 = sections[..., 4], sections[..., 5]
    inside = a1 * a1 - 4.0 * a2
    real = (np.abs(a1) + np.sqrt(np.maximum(inside, 0.0))) / 2
    return float(np.where(inside < 0.0, np.sqrt(np.abs(a2)), real).max(initial=0.0))


def _toeplitz(response: Array) -> Array:
    """(channels, STRIDE) impulse responses -> (channels, STRIDE, STRIDE): row n is the output at n for each sample of input."""
    apart = np.subtract.outer(np.arange(STRIDE), np.arange(STRIDE))
    return np.where(apart >= 0, response[:, np.maximum(apart, 0)], 0.0)
