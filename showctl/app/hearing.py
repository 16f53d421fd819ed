"""What is listened to: the process of the ear, the beat it hears, and the time code on a channel of the sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from showctl.app.night import Night
from showctl.inputs.ear_client import Ear
from showctl.model import ControlEvent, Features, State
from showctl.show.seam import Seam
from showctl.wire.features import CodeRead
from showctl.wire.timecode import Chase


class Hearing:
    """The part "ear". What is heard goes to the board and the tick, time code to `emit`."""

    def __init__(self, night: Night, emit: Callable[[ControlEvent], bool]) -> None:
        self._night, self._emit = night, emit
        self._seam = Seam()
        self._chase = Chase("ltc", f"ltc:{night.options.audio}")
        self._ear: Ear | None = None
        self.outspoken: Callable[[], bool] = lambda: False  # whether something knows better than the ear

    def open(self) -> Ear | None:
        """The ear, once it is known when show time began; None where nothing is listened to."""
        options, audio = self._night.options, self._night.venue.audio
        if options.audio == "none":
            self._night.report("ear", State.RUNNING, "off: no sound is listened to (--audio none)")
            return None
        self._ear = Ear(
            options.audio,
            output=options.heard,
            on_features=self._heard,
            on_status=self._night.board.report,
            offset=self._night.clock.offset,
            ltc=audio.ltc,
            on_codes=self._read,
            channels=audio.channels,
        )
        return self._ear

    def listen_to(self, channels: Sequence[int]) -> None:
        """Other channels, from now on."""
        if self._ear is not None:
            self._ear.listen_to(channels)

    def played(self, features: list[Features]) -> None:
        """What is known of the track that we play ourselves, in place of what an ear would make of it."""
        self._enter(features)

    def _heard(self, features: list[Features]) -> None:
        if not self.outspoken():
            self._enter(features)

    def _enter(self, features: list[Features]) -> None:
        self._night.board.hear(features[-1])
        self._night.ticker.hear(one for one in map(self._seam.take, features) if one is not None)

    def _read(self, codes: list[CodeRead]) -> None:
        """Linear time code in the sound: what is to be told of it."""
        for code in codes:
            told = self._chase.runs(code.time, code.frame.at)
            if told is not None:
                self._emit(told)
