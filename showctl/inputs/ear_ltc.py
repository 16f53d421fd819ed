"""One channel of the sound that carries linear time code: it is cut out of what is listened to, and read.

Square waves at 2 kHz in a mix would be heard as hits, thousands a second. Where nothing is left beside the time code the
analysis hears silence. Of a live device the first two channels are listened to, as without time code; of a file all of them.
"""

from __future__ import annotations

import numpy as np

from showctl.model import AudioBlock
from showctl.wire.ltc import Decoder, Heard

STEREO = 2
READS_S = 1.0  # of sound, after which time code that comes no more is said not to come


class Tape:
    """Takes the channel out of every block and reads it. `channel` counts from 1."""

    def __init__(self, channel: int, live: bool) -> None:
        self._channel, self._live = channel, live
        self._decoder = Decoder()
        self._rate = self._base = self._next = 0  # of the decoder: Hz; its first audio frame, the one to come
        self._channels = 0
        self._quiet = READS_S  # s of sound since the last time code

    def split(self, block: AudioBlock) -> tuple[AudioBlock, list[Heard]]:
        """The block without the time code, and what was read there, in audio frames of the stream."""
        self._channels = block.samples.shape[1]
        if self._channel > self._channels:
            return block, []
        music = np.delete(block.samples, self._channel - 1, axis=1)
        if self._live:
            music = music[:, : STEREO - (self._channel <= STEREO)]
        if not music.shape[1]:
            music = np.zeros((len(block.samples), 1), np.float32)
        return AudioBlock(block.start, music, block.rate, block.lost), self._read(block)

    def _read(self, block: AudioBlock) -> list[Heard]:
        if block.start != self._next or block.rate != self._rate:  # sound was lost: what is half read is worth nothing
            self._decoder, self._base, self._rate = Decoder(), block.start, block.rate
        self._next = block.start + len(block.samples)
        found = self._decoder.feed(block.samples[:, self._channel - 1], block.rate)
        self._quiet = 0.0 if found else self._quiet + len(block.samples) / block.rate
        return [Heard(self._base + one.time, one.frame) for one in found]

    @property
    def problem(self) -> str:
        """What is wrong with the channel, with the next step; empty if nothing is."""
        if not self._channels or self._channel <= self._channels:
            return ""
        has = "one channel only" if self._channels == 1 else f"{self._channels} channels"
        return f"has {has}, and `audio: {{ltc: {self._channel}}}` asks for another: write one that is there"

    @property
    def alone(self) -> bool:
        """Whether nothing is left to listen to."""
        return self._channels == self._channel == 1

    @property
    def words(self) -> str:
        """How it is, after how the sound is."""
        said = f"reads LTC on channel {self._channel}" if self._quiet < READS_S else f"no LTC on channel {self._channel} now"
        return said + ("; it is the only one, so no music is heard" if self.alone else "")
