"""Motion as a fader in `bind`: which device, from where to where, and what level it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from showctl.config.binding import NO_CLUTCH, Ground
from showctl.config.signs import Motion, extent
from showctl.config.values import Bad, did_you_mean
from showctl.model import ControlEvent, Hold, Park, SetHouse, SetMaster, SetRate, TrackRate, TrackVolume
from showctl.plan import ControlBinding, Wearable, Window
from showctl.wire.midi_map import Deed, Way

if TYPE_CHECKING:
    from showctl.config import schema

SLOWEST, FASTEST = 0.05, 5.0  # of full a second that a level may move
MOST_FADERS = 16  # of one device


class Levels:
    """Goes through the controls of `bind`, once."""

    def __init__(self, on: Ground) -> None:
        self.controls: list[ControlBinding] = []
        self._on = on
        self._faders: dict[str, int] = {}  # of each device

    def bind(self, i: int, one: schema.BindModel, motion: Motion, asked: Deed) -> None:
        event = self._moved(i, asked)
        device = self._device(i, motion)
        window = one.armed or Window()
        self._on.window(i, window)
        low, high = self._extents(i, one, motion)
        span = self._span(i, one, event)
        if window.kind == "always" and isinstance(event, TrackVolume | TrackRate):
            self._on.wrong(
                i, "armed", "what is heard is not moved by whoever happens to move: write `clutch` or `cue 5-9`", "E-armed"
            )
        slew = 1.0 if one.slew is None else one.slew
        if not SLOWEST <= slew <= FASTEST:
            self._on.wrong(i, "slew", f"a level moves by {SLOWEST:.0%} to {FASTEST:.0%} of its range a second", "E-range")
        if event is None or device is None or span is None:
            return
        if window.kind == "clutch" and not any(w.clutch for w in self._on.worn(device.performer)):
            self._on.wrong(i, "control", NO_CLUTCH.format(device.performer), "E-armed")
        number = self._faders[device.name] = self._faders.get(device.name, 0) + 1
        if number > MOST_FADERS:
            self._on.wrong(i, "control", f"more than {MOST_FADERS} levels are moved by `{device.name}`")
        mark = self._on.at(i, "control")
        self.controls.append(
            ControlBinding(
                f"{motion.kind} {number}", device.name, motion.kind, event, self._on.said(i, "to"), window, motion.of,
                low, high, span, one.rest, slew, mark.line, mark.path,
            )
        )  # fmt: skip

    def _moved(self, i: int, asked: Deed) -> ControlEvent | None:
        """What is moved: a level, or with a rate its speed."""
        event = self._on.meant(i, "to", asked)
        if isinstance(event, SetRate | TrackRate):
            return event
        if asked.way is not Way.FOLLOWS:
            self._on.wrong(i, "to", "that is no level: write `sub NAME`, `track volume`, `track rate 1` or `rate 1`")
            return None
        if isinstance(event, Hold):
            self._on.wrong(i, "to", "nobody could say where that stands, and it would jump: put it on a submaster, `sub NAME`")
            return None
        if isinstance(event, Park | SetHouse) or (isinstance(event, SetMaster) and event.submaster is None):
            text = f"`{self._on.said(i, 'to')}` is the operator's: put what a performer may move on a submaster"
            self._on.wrong(i, "to", text)
            return None
        return event

    def _device(self, i: int, motion: Motion) -> Wearable | None:
        if self._on.wearing is None:
            return None
        worn = self._on.wearing.worn_by(motion.performer, motion.worn)
        if len(worn) == 1 or (not worn and self._on.wearing.unsure):
            return worn[0] if worn else None
        everything = self._on.wearing.worn_by(motion.performer)
        if not everything:
            near = did_you_mean(motion.performer, self._on.wearing.performers)
            text = f"nobody called `{motion.performer}` wears anything in this venue{near}: see its `wearables`"
            self._on.wrong(i, "control", text, "E-unknown-performer")
        else:
            there = ", ".join(f"`{one.performer}.{one.worn}`" for one in everything if one.worn)
            self._on.wrong(i, "control", f"which device of {motion.performer}? there is {there}", "E-unknown-performer")
        return None

    def _extents(self, i: int, one: schema.BindModel, motion: Motion) -> tuple[float | None, float | None]:
        if one.origin is None:
            return None, None
        try:
            low, high = (extent(text, motion.kind) for text in one.origin)
        except Bad as bad:
            self._on.wrong(i, "from", str(bad), bad.code)
            return None, None
        if low == high:
            self._on.wrong(i, "from", "it goes from one place to another: these are the same", "E-range")
        return low, high

    def _span(self, i: int, one: schema.BindModel, event: ControlEvent | None) -> tuple[float, float] | None:
        """The levels at both ends."""
        speed = isinstance(event, SetRate | TrackRate)
        least, most = (0.5, 2.0) if isinstance(event, TrackRate) else (0.0, 20.0) if speed else (0.0, 1.0)
        if one.range is None and speed:
            self._on.wrong(i, "to", "how slow, how fast? write `range: [80%, 120%]`")
            return None
        low, high = one.range or (0.0, 1.0)
        for key, level in (("range", low), ("range", high), ("rest", low if one.rest is None else one.rest)):
            if not least <= level <= most and event is not None:
                self._on.wrong(i, key, f"it goes from {least:.0%} to {most:.0%}", "E-range")
                return None
        if low == high:
            self._on.wrong(i, "range", "it goes from one level to another: these are the same", "E-range")
            return None
        return low, high
