"""Which channels of the sound are listened to, where the venue file says so: the mix on 3 and 4, not the click on 1.

Channels count from 1, as they stand on the card. Of those that are asked for, the ones that are there are listened to, and
what is missing is told; where none is there it is as if none had been asked for: a wrong number must not make the room deaf, and
the file of a rehearsal is a mix already.
"""

from __future__ import annotations

from showctl.model import AudioBlock


class Chosen:
    """Takes channels out of every block."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        self.channels = channels
        self._there = 0  # channels of the sound

    def of(self, block: AudioBlock, music: AudioBlock | None = None) -> AudioBlock:
        """The chosen channels of a block; `music`, or else the block, where none of them is there."""
        self._there = block.samples.shape[1]
        columns = [channel - 1 for channel in self.channels if channel <= self._there]
        if not columns:
            return block if music is None else music
        return AudioBlock(block.start, block.samples[:, columns], block.rate, block.lost)

    @property
    def missing(self) -> bool:
        """Whether none of them is there."""
        return min(self.channels) > self._there

    @property
    def problem(self) -> str:
        """What is wrong with the choice, with the next step; empty if nothing is."""
        missing = [str(channel) for channel in self.channels if channel > self._there]
        if not self._there or not missing:
            return ""
        has = "one channel only" if self._there == 1 else f"{self._there} channels"
        asked = ", ".join(map(str, self.channels))
        return f"has {has}, and `audio: {{channels: [{asked}]}}` asks for {', '.join(missing)}: write those that are there"

    @property
    def words(self) -> str:
        """How it is, after the name of what is listened to."""
        several = len(self.channels) > 1
        return f"channel{'s' * several} {' and '.join(map(str, self.channels))}"
