"""What performers have asked for that takes a second factor, as long as it waits for that.

A second factor is the clutch, the same gesture once more, or the operator's yes; of what is `alone` (blackout, pyro, flying) two
gestures are one factor. A yes is to the last that a performer asked for, and not to what came up just before it. What was asked
for is forgotten after ASK_S, and a gesture counts as another only AGAIN_S after the first: a packet that came twice is not two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from showctl.model import Go, Goto, PlaybackState
from showctl.plan import GestureBinding, Wearable
from showctl.show.gate.factors import Factors, Stand, standing

ASK_S, AGAIN_S = 3.0, 0.5
SEEN_S = 0.4  # nobody has seen an ask and said yes to it sooner: a yes that comes then was to what stood there before


@dataclass(frozen=True, slots=True)
class Ask:
    """Something dangerous that waits for its second factor."""

    binding: GestureBinding
    device: Wearable
    time: float  # s, of the gesture
    shown: float  # s, when it was asked for: later, where the gesture came late
    needs: Factors
    meant: Stand | None = None  # where its list stood, as of `standing`

    def expired(self, now: float) -> bool:
        """Whether it is forgotten."""
        return now - self.time > ASK_S

    def unseen(self, now: float) -> bool:
        """Whether it is too new for a yes to be to it."""
        return now - self.shown < SEEN_S

    def in_words(self) -> str:
        """What it waits for, for people."""
        ways = {"again": "once more", "clutch": "with the clutch", "operator": "the operator's yes"}
        return f"`{self.binding.words}`: {' or '.join(ways[one] for one in ways if one in self.needs)}, within {ASK_S:g} s"


class Asks:
    """All of them, the newest last."""

    def __init__(self) -> None:
        self._all: list[Ask] = []

    def add(self, ask: Ask) -> None:
        """Something more is asked for."""
        self._all.append(ask)

    def newest(self, performer: str) -> Ask | None:
        """What a performer asked for last: it alone is shown, so it alone is what the operator's yes is to."""
        return next((one for one in reversed(self._all) if one.device.performer == performer), None)

    def same(self, binding: GestureBinding, device: Wearable) -> Ask | None:
        """What has been asked for by this binding before, with this device: one movement of both arms is not two."""
        return next((one for one in self._all if one.binding == binding and one.device == device), None)

    def answered(self, binding: GestureBinding, performer: str) -> None:
        """What a performer asked for by this binding was done."""
        self._take(lambda one: one.binding == binding and one.device.performer == performer)

    def drop(self, ask: Ask) -> None:
        """It has been answered."""
        self._all.remove(ask)

    def expire(self, now: float) -> None:
        """Forget what was asked for too long ago."""
        self._take(lambda one: one.expired(now))

    def forget(self, whose: Collection[str]) -> None:
        """Forget all that these performers have asked for."""
        self._take(lambda one: one.device.performer in whose)

    def moved_on(self, playback: PlaybackState) -> list[Ask]:
        """Take out what was asked for of a list that has gone on since: it would be of another cue."""
        return self._take(lambda one: one.meant != standing(one.binding.do, playback))

    def of_list(self, name: str) -> list[Ask]:
        """Take out what would fire a cue of this list."""
        return self._take(lambda one: isinstance(one.binding.do, Go | Goto) and one.binding.do.list == name)

    def _take(self, these: Callable[[Ask], bool]) -> list[Ask]:
        taken = [one for one in self._all if these(one)]
        self._all = [one for one in self._all if one not in taken]
        return taken
