"""What was done a moment ago is not done again: of one performer PERFORMER_S apart; in one list, and of the same words, CUE_S
apart, whoever asks. A cue that has just begun, by whatever, is the one that the gesture was meant for. Of taps and flashes only
the bounces of a switch are left out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from showctl.model import ControlEvent, Flash, Go, Goto, PlaybackState, Tap

PERFORMER_S, CUE_S, QUICK_S = 1.0, 2.0, 0.15
MOST = 1024


class Repeats:
    """When what was done last."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}  # performer, list or words -> s

    def refuses(self, do: ControlEvent, words: str, performer: str, playback: PlaybackState, time: float) -> str:
        """Why this is not done at `time` (s) by this performer; empty if it may be."""
        if isinstance(do, Tap | Flash):
            return "it bounced" if time - self._at(f"quick {performer} {words}") < QUICK_S else ""
        if (ago := time - self._at(f"by {performer}")) < PERFORMER_S:
            return f"{performer} did something {max(0.0, ago):.1f} s ago"
        return self.just_began(do, words, playback, time)

    def just_began(self, do: ControlEvent, words: str, playback: PlaybackState, time: float) -> str:
        """Why this is not done at `time` (s) by anybody."""
        if time - self._at(f"do {words}") < CUE_S:
            return f"`{words}` was done just now"
        if isinstance(do, Go | Goto):
            if time - self._at(f"list {do.list}") < CUE_S:
                return f"list {do.list} went on just now"
            state = next((one for one in playback.lists if one.name == do.list), None)
            if state is not None and state.current != "0" and time - state.started < CUE_S:
                return f"cue {state.current} has just begun"
        return ""

    def note(self, event: ControlEvent, words: str, performer: str, now: float) -> None:
        """It was done."""
        at = max(now, event.time)
        if len(self._last) >= MOST:
            self._last = {key: was for key, was in self._last.items() if at - was < CUE_S}
        if isinstance(event, Tap | Flash):
            self._last[f"quick {performer} {words}"] = event.time  # the way of each through the network is another
            return
        self._last[f"by {performer}"] = self._last[f"do {words}"] = at
        if isinstance(event, Go | Goto):
            self.went_on(event.list, at)

    def went_on(self, name: str, at: float) -> None:
        """A list goes on, by whatever hand: the state of the show tells it only with the next frame."""
        self._last[f"list {name}"] = at

    def _at(self, key: str) -> float:
        return self._last.get(key, -math.inf)

    def pack(self, now: float) -> dict[str, float]:
        """What still counts."""
        return {key: at for key, at in self._last.items() if now - at < CUE_S}

    def restore(self, packed: Mapping[str, float]) -> None:
        """Go on from what was packed."""
        self._last = dict(packed)
