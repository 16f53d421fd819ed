"""What a show binds to addresses of OSC and to places of a desk, besides the dictionary and the map of the venue. PURE.

A binding stands for an address of the dictionary, and the message that comes is taken as if it had been sent there: `/pad/1`,
bound to `list film go`, fires with a 1 and does nothing with a 0; bound to `sub swell`, its number is the level. What turns over
without a number (`blackout`, from a pad that only says that it was hit) turns over; with one it is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from showctl.model import ControlEvent, PlaybackState
from showctl.plan import PlaceBinding, Quantise
from showctl.wire.midi_map import Deed, Knob, Way, deed, is_on, knob
from showctl.wire.osc import Message
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import Vocabulary, control, on_own_beat


class Asked(NamedTuple):
    """What came of a message: at once, or with the next beat or bar; and the words that it stands for."""

    event: ControlEvent | Refusal | None
    on: Quantise
    words: str


class Bound:
    """What a show binds. ValueError for words that are not in the dictionary."""

    def __init__(self, bindings: Iterable[PlaceBinding]) -> None:
        every = tuple(bindings)
        self._addresses = {one.place: (deed(one.words), one) for one in every if one.kind == "osc"}
        self._knobs = {knob(one.place): one for one in every if one.kind == "midi"}
        self.map: dict[Knob, Deed] = {place: deed(one.words) for place, one in self._knobs.items()}  # over that of the venue

    def osc(self, message: Message, playback: PlaybackState | None, time: float, source: str, names: Vocabulary) -> Asked | None:
        """What a message asks for; None where its address is not bound."""
        if message.address not in self._addresses:
            return None
        meant, binding = self._addresses[message.address]
        return _asked(_event(meant, message, playback, time, source, names), binding)

    def midi(self, place: Knob, event: ControlEvent | Refusal | None) -> Asked:
        """When what a place of the desk asks for is done."""
        binding = self._knobs.get(place)
        return Asked(event, "now", "") if binding is None else _asked(event, binding)


def _asked(event: ControlEvent | Refusal | None, binding: PlaceBinding) -> Asked:
    own = None if event is None or isinstance(event, Refusal) else on_own_beat(event, binding.on)
    return Asked(event, binding.on, binding.words) if own is None else Asked(own, "now", binding.words)


def _event(
    meant: Deed, message: Message, playback: PlaybackState | None, time: float, source: str, names: Vocabulary
) -> ControlEvent | Refusal | None:
    if meant.way is Way.FIRES and meant.arguments:  # its own arguments are written: what comes says only whether
        pressed = control(Message("/showctl/tap", message.arguments), time, source, names)
        return (
            control(meant.message(), time, source, names) if pressed is not None and not isinstance(pressed, Refusal) else pressed
        )
    if meant.way is Way.TURNS and not message.arguments:
        return control(meant.message(int(not is_on(meant, playback))), time, source, names)
    return control(meant.message(*message.arguments), time, source, names)
