"""Sound that is not live, handed out as if it were: a file or a song, in real time, as if it came from the desk.

Block n becomes readable at the moment a desk would have delivered it, on absolute deadlines from the first block on, so
nothing adds up over an hour. Where a sound device exists the same blocks are written to it a little earlier (its `lead`), so
that what is heard in the room and what is analysed are the same moment. If the process was held up, time stands still for
the sound: it goes on late and whole, never in a burst.

`open_blocks` gives the sound from its beginning: blocks in order, or None where the next is not ready yet (a song that is
still being made). At its end a loop begins anew; anything else is followed by digital silence, as on a desk whose player has
stopped, and a word to that effect.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock, DeviceError

RETRY_S = 2.0
LATE_S = 0.5  # held up longer than this, the sound goes on from where it was
SILENT_BLOCK_S = 0.01

OpenBlocks = Callable[[], Iterator[AudioBlock | None]]


class Speaker(Protocol):
    """Where the sound is played, too."""

    @property
    def lead(self) -> float:
        """Seconds ahead of its sounding that a block must be written; 0 while there is no device."""

    def write(self, samples: NDArray[np.float32], rate: int) -> None:
        """Take (frames, channels); never waits."""

    def close(self) -> None:
        """Silence."""


class Paced:
    """A source of sound for the ear. `name` is how messages call it."""

    device, overflows, lost, stretch = "", 0, 0, 1.0

    def __init__(
        self,
        name: str,
        open_blocks: OpenBlocks,
        speaker: Speaker | None = None,
        loop: bool = False,
        on_close: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.rate = name, 0
        self.problem = ""  # in words, with the next step; "" while sound comes
        self._open, self._speaker, self._loop, self._now = open_blocks, speaker, loop, now
        self._on_close = on_close
        self._blocks: Iterator[AudioBlock | None] | None = None
        self._zero: float = 0.0  # monotonic s of frame 0
        self._read = 0  # audio frames taken from `_blocks`
        self._ahead: deque[AudioBlock] = deque()  # played, not yet due for the ear; a second at most
        self._retry = 0.0
        self._silence: NDArray[np.float32] | None = None  # what follows the end

    def at(self, frame: float) -> float:
        """Monotonic seconds at which `frame` is heard."""
        return self._zero + frame / self.rate

    @property
    def wait(self) -> float:
        """Seconds until the next block is due."""
        if not self.rate:
            return 0.05
        due = self.at(self._ahead[0].start + len(self._ahead[0].samples)) if self._ahead else self.at(self._read)
        return min(max(due - self._now(), 0.001), 0.05)

    def tend(self) -> None:
        """Nothing can come loose here: opening is part of reading."""

    def reach(self, _channels: int) -> bool:
        """All channels are read as it is: nothing begins anew."""
        return False

    def blocks(self) -> list[AudioBlock]:
        """What has become due since the last call."""
        now = self._now()
        lead = min(self._speaker.lead, 1.0) if self._speaker else 0.0
        while (not self.rate or self.at(self._read) <= now + lead) and (block := self._next(now)) is not None:
            if not self.rate:
                self.rate, self._zero = block.rate, now + lead
            if (late := now - self.at(block.start)) > LATE_S:
                self._zero += late
            self._ahead.append(block)
            if self._speaker is not None:
                self._speaker.write(block.samples, block.rate)
        out = []
        while self._ahead and self.at(self._ahead[0].start + len(self._ahead[0].samples)) <= now:
            out.append(self._ahead.popleft())
        return out

    def _next(self, now: float) -> AudioBlock | None:
        """The next block with its place in the whole, loops and silence included; None if there is none yet."""
        if self._silence is not None:
            return self._place(AudioBlock(0, self._silence, self.rate))
        if now < self._retry:
            return None
        try:
            if self._blocks is None:
                self._blocks = self._open()
            block = next(self._blocks)
        except StopIteration:
            return self._end()
        except (ValueError, DeviceError) as error:
            return self._fail(str(error), now)
        if block is None:
            return None
        if self.rate and block.rate != self.rate:
            return self._fail(f"{self.name} changed from {self.rate} to {block.rate} Hz while it played: start again", now)
        self.problem = ""
        return self._place(block)

    def _place(self, block: AudioBlock) -> AudioBlock:
        placed = AudioBlock(self._read, block.samples, block.rate)
        self._read += len(block.samples)
        return placed

    def _end(self) -> AudioBlock | None:
        """The sound is over: from the beginning, or silence from now on."""
        self._blocks = None
        if not self._read:
            return self._fail(f"{self.name} holds no sound: name another file", self._now())
        if self._loop:
            return self._next(self._now())
        return self._fall_silent(f"{self.name} has ended: start again to hear it once more")

    def _fail(self, problem: str, now: float) -> AudioBlock | None:
        self._blocks = None
        if self.rate:
            return self._fall_silent(problem)
        self.problem, self._retry = problem, now + RETRY_S
        return None

    def _fall_silent(self, problem: str) -> AudioBlock | None:
        self.problem = problem
        self._silence = np.zeros((int(SILENT_BLOCK_S * self.rate), 1), np.float32)
        return self._next(self._now())

    def close(self) -> None:
        """Stop playing."""
        if self._speaker is not None:
            self._speaker.close()
        self._on_close()
