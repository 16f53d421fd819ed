"""One equaliser of an X32, M32 or X-Air: what it holds, what it is to hold, whose hands were on it. PURE.

Each write is one parameter, and the next one of a band waits until the console has confirmed the one before: its gain last where
the band grows, first where it shrinks, so that no wrong frequency is heard meanwhile. A value that is neither what was known nor
what was written in the last moment is somebody else's: that band is TOUCHED, and what was on its way to it is dropped. A write
that the console answers with another value, or never, is given up after a while, and said; the other bands go on.

A band that is a cut, a vintage filter or a crossover is the engineer's as long as it is that: it counts as touched, and is not
written to. An equaliser that is found switched off shows flat bands, which is what is heard of it, and nothing is written to what
the switch hides; it is switched on by hand, or by `switch_on`, which makes all of its bands flat before. A limit gives way to
what was found: nothing is moved that was not asked for, so a gain or a Q beyond it may stay, and may not go farther.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from showctl.model import ConsoleState, EqBand, State
from showctl.wire.x32 import KEYS, TYPE_NAMES, Equaliser, Limits, Raw, alike, band, heard, parameters, stepped, within

RETRY_S = 0.25  # a question or a write without an answer is sent again
DEAD_S = 1.5  # a console that leaves a question open so long is silent
OWN_S = 0.3  # an echo of our own comes within this time
REFUSALS = 6  # so many other answers to a write, and the console does not take it
TRIES = 20  # times that a write is sent
FLAT = 0.5  # gain of 0 dB
PEQ = TYPE_NAMES.index("PEQ")


@dataclass(slots=True, eq=False)
class Parameter:
    """One address."""

    address: str
    key: str  # type, f, g, q, on or mode
    known: float | None = None  # as the console last told it
    sent: float | None = None  # written, and not confirmed
    sent_at: float = 0.0
    tries: int = 0  # that it was sent
    others: int = 0  # answers since, with another value
    ours: list[tuple[float, float]] = field(default_factory=list)  # when and what we wrote, of the last moment
    perhaps: float | None = None  # what was on its way when it was given up
    asked: float = -1e9
    unread: bool = True  # to be asked for at once: never told, or not since the console fell silent

    def wrote_lately(self, value: float, now: float) -> bool:
        """Whether a value is one of ours of the last moment, or from before the one that is not confirmed yet."""
        since = now - (OWN_S if self.sent is None else DEAD_S)
        return any(at >= since and alike(self.key, one, value) for at, one in self.ours)

    def was_perhaps(self, value: float) -> bool:
        """Whether a value is the one that was on its way when it was given up."""
        return self.perhaps is not None and alike(self.key, self.perhaps, value)

    def put(self, value: float, now: float) -> bool:
        """It is written now; whether it is so once more."""
        again = self.sent is not None and self.sent == value
        self.tries, self.others = (self.tries + 1, self.others) if again else (1, 0)
        self.sent, self.sent_at = value, now
        self.ours = [*self.ours[-7:], (now, value)]
        return again

    def let_go(self) -> None:
        """What was written is waited for no more; it may have got there, and is ours then."""
        self.perhaps, self.sent, self.tries, self.others = self.sent, None, 0, 0


@dataclass(slots=True, eq=False)
class Strip:
    """An equaliser. Bands count from 0, None is its switch; times are show time (s)."""

    eq: Equaliser
    switch: Parameter
    mode: Parameter | None
    bands: list[tuple[Parameter, ...]]  # in the order of KEYS
    wanted: dict[int, Raw] = field(default_factory=dict)
    turn: int | None = None  # what its switch is to be
    turned: bool = False  # it was found off, and switched on by us
    touched: set[int] = field(default_factory=set)  # since `take`
    hands: set[int] = field(default_factory=set)  # since the start
    switched: bool = False  # by a hand
    found: tuple[int, tuple[Raw, ...]] | None = None  # its switch and bands at the start
    dormant: bool = False  # found switched off, and never on since
    refused: dict[int | None, str] = field(default_factory=dict)  # what the console does not take

    @classmethod
    def of(cls, eq: Equaliser) -> Strip:
        """One of which nothing is known yet."""
        mode = Parameter(eq.mode, "mode") if eq.has_mode else None
        bands = [tuple(Parameter(eq.address(i, key), key) for key in KEYS) for i in range(eq.bands)]
        return cls(eq, Parameter(eq.switch, "on"), mode, bands)

    def all(self) -> list[Parameter]:
        """Every parameter of it."""
        extra = [self.mode] if self.mode is not None else []
        return [self.switch, *extra, *(one for parts in self.bands for one in parts)]

    # --- what it is ----------------------------------------------------------------------------------------------------

    def raw(self, index: int) -> Raw:
        """A band as the console has it. LookupError before it was read."""
        kind, f, g, q = (one.known for one in self.bands[index])
        if kind is None or f is None or g is None or q is None:
            raise LookupError(f"{self.eq.name} has not been read yet")
        return int(kind), f, g, q

    def on(self) -> bool:
        """Whether its bands are heard."""
        return self.switch.known == 1 and not self.graphic()

    def graphic(self) -> bool:
        """Whether its graphic equaliser is heard instead, as far as the switch lets it: both have the same one."""
        return self.mode is not None and self.mode.known != 0

    def shown(self, index: int) -> EqBand:
        """A band as the model has it; of what it cannot say or what is not heard, where it is, and no gain."""
        raw = self.raw(index)
        freq, _, q = heard(raw)
        flat = EqBand("peaking", freq, 0.0, q)
        return flat if self.dormant else band(raw) or flat

    def foreign(self) -> set[int]:
        """Bands that are filters which we do not make."""
        return set() if self.dormant else {i for i in range(self.eq.bands) if band(self.raw(i)) is None}

    def take(self, answered: float | None) -> ConsoleState:
        """What it is now, and what was touched since this was asked last."""
        if self.found is None:
            return ConsoleState(answered)
        touched, self.touched = tuple(sorted(self.touched | self.foreign())), set()
        return ConsoleState(answered, tuple(map(self.shown, range(self.eq.bands))), self.on(), touched, self.graphic())

    # --- what is asked of it -------------------------------------------------------------------------------------------

    def write(self, index: int, to: EqBand, limits: Limits, found: EqBand | None) -> bool:
        """Have a band become this, within the limits or what was `found`; False where it may not be written to."""
        self.eq.address(index, "g")
        raw = parameters(to, self._limits(index, limits, found))
        unread = self.found is None or any(one.unread for one in self.bands[index])
        if unread or self.dormant or index in self.touched | self.foreign():
            return False
        self._want(index, raw)
        return True

    def _limits(self, index: int, limits: Limits, found: EqBand | None) -> Limits:
        """Those of the venue, and what stands there already."""
        there = [(found.freq, found.gain, found.q)] if found is not None else []
        if self.found is not None and not self.dormant:
            there += [heard(self.raw(index)), *([heard(self.found[1][index])] if self.found[0] else [])]
        freq, gain, q = zip(*there, *zip(limits.freq, limits.gain, limits.q, strict=True), strict=True)
        return Limits((min(gain), max(gain)), (min(q), max(q)), (min(freq), max(freq)))

    def _want(self, index: int, raw: Raw) -> None:
        self.refused.pop(index, None)
        self.hands.discard(index)  # whoever writes to it has been given it
        for one in self.bands[index]:
            one.others = 0
        self.wanted[index] = raw

    def switch_on(self) -> bool:
        """Have one that is off become flat, every band of it, and then on. False where it is on, not read, or graphic: the bands
        that would be heard then are others, and nobody has looked at them."""
        if self.found is None or self.switch.known != 0 or self.graphic():
            return False
        for i in range(self.eq.bands):
            _, f, _, q = self.raw(i)
            self._want(i, (PEQ, min(max(f, 0.0), 1.0), FLAT, min(max(q, 0.0), 1.0)))
        self.refused.pop(None, None)
        self.turn, self.switched, self.turned, self.dormant = 1, False, self.found[0] == 0, True
        return True

    def switch_back(self) -> bool:
        """Have one that was found off, and that we switched on, become what it was: off, and behind the switch the bands that it
        hid, but for those that a hand has moved since. False where it was not so."""
        if self.found is None or not self.turned or self.switched:
            return False
        self.turn, self.turned = 0, False
        self.wanted = {i: raw for i, raw in enumerate(self.found[1]) if i not in self.hands and _writable(raw)}
        return True

    # --- what the console says -----------------------------------------------------------------------------------------

    def told(self, index: int | None, one: Parameter, value: float, now: float) -> bool:
        """The console says what a parameter is; whether it was a hand."""
        before, one.known, one.unread = one.known, stepped(one.key, value), False
        hand = False
        if one.sent is not None and alike(one.key, one.sent, value):
            one.sent, one.tries, one.others = None, 0, 0
        elif before is None or alike(one.key, before, value) or one.was_perhaps(value):
            one.others += one.sent is not None
        elif one.wrote_lately(value, now):  # an echo that comes late, or a write that is lost
            one.others += one.sent is not None
            if one.sent is None:  # what is behind it was confirmed already: the next answer decides
                one.known, one.unread, one.asked = before, True, now
        else:
            hand = True
            self._hand(index, one)
        one.perhaps = None
        self.dormant = self.dormant and self.switch.known == 0
        if self.found is None and not any(part.unread for part in self.all()):
            self.found = int(self.switch.known or 0), tuple(map(self.raw, range(self.eq.bands)))
            self.dormant = self.switch.known == 0
        return hand

    def _hand(self, index: int | None, one: Parameter) -> None:
        """Somebody else has changed it: what we had in mind for it is over."""
        self.turn = None
        one.sent = None
        if index is None:
            self.switched = True
            return
        for part in self.bands[index]:
            part.sent = None
        self.wanted.pop(index, None)
        self.refused.pop(index, None)
        self.touched.add(index)
        self.hands.add(index)

    def fall_silent(self) -> int:
        """What is on its way is given up: how many bands that were."""
        count = len(self.wanted)
        self.wanted, self.turn = {}, None
        for one in self.all():
            one.let_go()
        return count

    # --- what is sent --------------------------------------------------------------------------------------------------

    def due(self, now: float) -> Iterator[tuple[Parameter, float]]:
        """What is to be written now: off before all, on behind all, of each band the parameter that is next."""
        if self.turn is not None and (self.turn == 0 or not self.wanted):
            turn = self.turn
            if self._holds(None, self.switch, turn):
                self.turn, self.dormant = None, turn == 0
            elif self._again(self.switch, turn, now):
                yield self.switch, turn
            if turn == 0 and self.turn == 0:
                return
        for index, raw in list(self.wanted.items()):
            grows = abs(raw[2] - FLAT) >= abs(self.raw(index)[2] - FLAT)
            order = (0, 1, 3, 2) if grows else (2, 0, 1, 3)
            missing = next(
                ((self.bands[index][k], raw[k]) for k in order if not self._holds(index, self.bands[index][k], raw[k])), None
            )
            if missing is None:
                self.wanted.pop(index, None)
            elif index in self.wanted and self._again(*missing, now):
                yield missing

    def _holds(self, index: int | None, one: Parameter, value: float) -> bool:
        """Whether the console holds it. Where it does not take it, it is given up."""
        if one.sent is None and one.known is not None and alike(one.key, one.known, value):
            return True
        if one.others >= REFUSALS:
            self._refuse(index, one, f"the console does not take {value:g} for {one.address}, it stays at {one.known:g}")
        elif one.tries >= TRIES:
            self._refuse(index, one, f"the console does not answer when {one.address} is written")
        return False

    def _refuse(self, index: int | None, one: Parameter, why: str) -> None:
        self.refused[index] = why
        one.let_go()
        if index is None:
            self.turn = None
        else:
            self.wanted.pop(index, None)
            self.turn = None if self.turn == 1 else self.turn  # on only where every band of it is flat

    def _again(self, one: Parameter, value: float, now: float) -> bool:
        return one.sent is None or one.sent != value or now - one.sent_at >= RETRY_S

    # --- words ---------------------------------------------------------------------------------------------------------

    def lacks(self, late: bool) -> tuple[State, str] | None:
        """What is wrong with it, in words that say what to do; `late` is whether it should have been read by now."""
        name = self.eq.name
        if self.found is None:
            missing = next(one.address for one in self.all() if one.unread)
            text = f"{name}: the console does not answer {missing}: is it of this type?"
            return (State.DEGRADED, text) if late else (State.STARTING, f"reads {name}")
        if self.refused:
            why = next(iter(self.refused.values()))
            return State.DEGRADED, f"{name}: {why}; look whether it is locked, then hand the band back"
        if self.graphic():
            text = f"{name} is in graphic mode (GEQ or TEQ), its parametric bands are not heard: set it to PEQ at the console"
            return State.DEGRADED, text
        return None

    def words(self) -> str:
        """How it is where nothing is wrong."""
        text = f"{self.eq.name} has {self.eq.bands} bands"
        return text if self.switch.known else f"{text}, and is switched off"


def _writable(raw: Raw) -> bool:
    """Whether what was found is what the scales have: an emulator may hold anything."""
    return all(within(key, value) for key, value in zip(KEYS, raw, strict=True))
