"""What is said to an X32, M32 or X-Air about the equalisers that a venue file names. PURE: packets and `now` in, packets out.

All of it is read first; nothing is written before. Each write is one parameter, followed by the question for it, and the next
parameter of a band waits until the console has confirmed the one before: its gain last where the band grows, first where it
shrinks, so that no wrong frequency is heard meanwhile. Lost packets are sent again. Answers are known by their address, never
by their order: a console answers late, twice, or not at all, and speaks unasked.

`/xremote` makes the console tell what other hands do, for ten seconds each time and for four listeners at most. The fifth is not
told that it is not heard, so every parameter is asked for in turn as well, which also shows that the console is alive. A value
that is neither what was known nor what was written in the last moment is somebody else's: that band is TOUCHED, and what was
on its way to it is dropped. So is all that was on its way when the console falls silent; what it holds after that is read anew.

A band that is a cut, a vintage filter or a crossover is the engineer's as long as it is that: it counts as touched, and is not
written to. An equaliser that is found switched off shows flat bands, which is what is heard of it; it is switched on by hand, or
by `switch_on`, which makes all of its bands flat before. A limit gives way to what was found: nothing is moved that was not asked
for, so a gain or a Q beyond it may stay, and may not go farther.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from showctl.model import ConsoleState, EqBand, State, WireError
from showctl.wire.osc import Message, decode, encode
from showctl.wire.x32 import KEYS, TYPE_NAMES, Console, Equaliser, Limits, Raw, alike, band, heard, parameters, stepped, within

REMOTE_S = 4.0  # the console forgets a listener after ten seconds: two may be lost
INFO_S = 1.0  # who it is, which every console answers whatever its type
POLL_S = 0.1  # from one question to the next, all parameters in turn
PROBE_S = 0.5  # the same while the console is silent
RETRY_S = 0.25  # a question or a write without an answer is sent again
DEAD_S = 1.5  # a console that leaves a question open so long is silent
OWN_S = 0.3  # an echo of our own comes within this time
REFUSALS = 6  # so many other answers to a write, and the console does not take it
RATE, BURST = 60.0, 20.0  # packets a second, and at once
FLAT = 0.5  # gain of 0 dB
PEQ = TYPE_NAMES.index("PEQ")


@dataclass(slots=True, eq=False)
class _Parameter:
    """One address."""

    address: str
    key: str  # type, f, g, q, on or mode
    known: float | None = None  # as the console last told it
    sent: float | None = None  # written, and not confirmed
    sent_at: float = 0.0
    others: int = 0  # answers since, with another value
    ours: list[tuple[float, float]] = field(default_factory=list)  # when and what we wrote, of the last moment
    perhaps: float | None = None  # what was on its way when the console fell silent
    asked: float = -1e9
    unread: bool = True  # to be asked for at once: never told, or not since the console fell silent

    def wrote_lately(self, value: float, now: float) -> bool:
        """Whether a value is one of ours of the last moment, or from before the one that is not confirmed yet."""
        since = now - (OWN_S if self.sent is None else DEAD_S)
        return any(at >= since and alike(self.key, one, value) for at, one in self.ours)

    def was_perhaps(self, value: float) -> bool:
        """Whether a value is the one that was on its way when the console fell silent."""
        return self.perhaps is not None and alike(self.key, self.perhaps, value)


@dataclass(slots=True, eq=False)
class _Strip:
    """One equaliser: what it holds, what it is to hold, who has touched it."""

    eq: Equaliser
    switch: _Parameter
    mode: _Parameter | None
    bands: list[tuple[_Parameter, ...]]  # in the order of KEYS
    wanted: dict[int, Raw] = field(default_factory=dict)
    turn: int | None = None  # what its switch is to be
    touched: set[int] = field(default_factory=set)  # since `take`
    hands: set[int] = field(default_factory=set)  # since the start
    switched: bool = False  # by a hand
    found: tuple[int, tuple[Raw, ...]] | None = None  # its switch and bands at the start
    dormant: bool = False  # found switched off, and never on since
    refused: str = ""

    def all(self) -> list[_Parameter]:
        extra = [self.mode] if self.mode is not None else []
        return [self.switch, *extra, *(one for parts in self.bands for one in parts)]

    def raw(self, index: int) -> Raw:
        kind, f, g, q = (one.known for one in self.bands[index])
        if kind is None or f is None or g is None or q is None:
            raise LookupError(f"{self.eq.name} has not been read yet")
        return int(kind), f, g, q

    def on(self) -> bool:
        """Whether its bands are heard."""
        return self.switch.known == 1 and (self.mode is None or self.mode.known == 0)

    def shown(self, index: int) -> EqBand:
        """A band as the model has it; of what it cannot say or what is not heard, where it is, and no gain."""
        raw = self.raw(index)
        freq, _, q = heard(raw)
        flat = EqBand("peaking", freq, 0.0, q)
        return flat if self.dormant else band(raw) or flat

    def foreign(self) -> set[int]:
        """Bands that are filters which we do not make."""
        return set() if self.dormant else {i for i in range(self.eq.bands) if band(self.raw(i)) is None}


class Dialogue:
    """One console. Names of equalisers are those of the venue file; bands count from 0; times are show time (s)."""

    def __init__(self, console: Console, equalisers: Sequence[Equaliser], limits: Limits) -> None:
        self.console, self.limits = console, limits
        self.answered: float | None = None  # when the console last said anything
        self.counts = dict.fromkeys(("received", "malformed", "sent", "written", "retried", "dropped", "touched", "silences"), 0)
        self._addresses: dict[str, tuple[_Strip, int | None, _Parameter]] = {}  # with the band, if it is of one
        self._strips = {one.name: self._strip(one) for one in equalisers}
        self._turns = list(self._addresses.values())  # asked for one after the other
        self._turn = 0
        self._began: float | None = None
        self._open: float | None = None  # since when a question has had no answer
        self._silent = False
        self._remote = self._info = self._poll = -1e9
        self._tokens, self._filled = BURST, 0.0
        self._name = ""  # what the console says of itself
        self._model = ""

    def _strip(self, eq: Equaliser) -> _Strip:
        mode = _Parameter(eq.mode, "mode") if eq.has_mode else None
        bands = [tuple(_Parameter(eq.address(i, key), key) for key in KEYS) for i in range(eq.bands)]
        strip = _Strip(eq, _Parameter(eq.switch, "on"), mode, bands)
        numbers = {part.address: i for i, parts in enumerate(bands) for part in parts}
        self._addresses |= {one.address: (strip, numbers.get(one.address), one) for one in strip.all()}
        return strip

    # --- what is asked of it -------------------------------------------------------------------------------------------

    def write(self, name: str, index: int, to: EqBand) -> bool:
        """Have a band become this, within the limits. False, and nothing is done, where it is not (or no longer) read, silent, a
        filter of the engineer's, or touched and nobody has been told yet. KeyError or ValueError for what the venue file does not
        name, or no band."""
        strip = self._strips[name]
        strip.eq.address(index, "g")
        raw = parameters(to, self._limits(strip, index))
        unread = strip.found is None or self._silent or any(one.unread for one in strip.bands[index])
        if unread or index in strip.touched | strip.foreign():
            self.counts["dropped"] += 1
            return False
        self._want(strip, index, raw)
        return True

    def _limits(self, strip: _Strip, index: int) -> Limits:
        """Those of the venue, and what stands there already."""
        if strip.found is None:
            return self.limits
        there = [heard(raw) for raw in (strip.found[1][index], strip.raw(index)) if not strip.dormant]
        freq, gain, q = zip(*there, *zip(self.limits.freq, self.limits.gain, self.limits.q, strict=True), strict=True)
        return Limits((min(gain), max(gain)), (min(q), max(q)), (min(freq), max(freq)))

    def _want(self, strip: _Strip, index: int, raw: Raw) -> None:
        strip.refused = ""
        strip.hands.discard(index)  # whoever writes to it has been given it
        for one in strip.bands[index]:
            one.others = 0
        strip.wanted[index] = raw

    def switch_on(self, name: str) -> bool:
        """Have an equaliser that is off become flat, every band of it, and then on. False where it is on, not read, or silent."""
        strip = self._strips[name]
        if strip.found is None or self._silent or strip.switch.known != 0:
            return False
        for i in range(strip.eq.bands):
            _, f, _, q = strip.raw(i)
            self._want(strip, i, (PEQ, min(max(f, 0.0), 1.0), FLAT, min(max(q, 0.0), 1.0)))
        strip.turn, strip.switched, strip.dormant = 1, False, True
        return True

    def restore(self, name: str) -> bool:
        """Have it become what it was at the start, all but what a hand has moved since. False where that is not known."""
        strip = self._strips[name]
        if strip.found is None or self._silent:
            return False
        switch, bands = strip.found
        strip.turn = None if strip.switched else switch
        strip.wanted = {i: raw for i, raw in enumerate(bands) if i not in strip.hands and _writable(raw)}
        return True

    def take(self, name: str) -> ConsoleState:
        """What an equaliser is now, and who touched what since this was asked last."""
        strip = self._strips[name]
        if strip.found is None:
            return ConsoleState(self.answered)
        touched, strip.touched = tuple(sorted(strip.touched | strip.foreign())), set()
        return ConsoleState(self.answered, tuple(map(strip.shown, range(strip.eq.bands))), strip.on(), touched)

    def settled(self, name: str) -> bool:
        """Whether the console has confirmed all that it was told."""
        strip = self._strips[name]
        return not strip.wanted and strip.turn is None

    # --- packets in ----------------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float) -> None:
        """One packet of the console."""
        self.counts["received"] += 1
        try:
            messages = decode(data)
        except WireError:
            self.counts["malformed"] += 1
            return
        self._alive(now)
        for message in messages:
            if message.address == "/info":
                self._introduced([one for one in message.arguments if isinstance(one, str)])
            elif (place := self._addresses.get(message.address)) is not None:
                self._told(*place, message.arguments[:1], message.tags[:1], now)
            else:
                self._several(message, now)

    def _introduced(self, said: list[str]) -> None:
        """The console says who it is: version of the protocol, name, model, firmware."""
        if len(said) == 4:
            _, name, self._model, version = said
            self._name = f"{self._model[:20]} `{name[:40]}` with firmware {version[:20]}"

    def _several(self, message: Message, now: float) -> None:
        """A band in one message: `/main/st/eq/3 ,ifff`, as some programs write it and the console hands it on."""
        if message.tags == "ifff":
            for key, value, tag in zip(KEYS, message.arguments, message.tags, strict=True):
                if (place := self._addresses.get(f"{message.address}/{key}")) is not None:
                    self._told(*place, (value,), tag, now)

    def _told(
        self, strip: _Strip, index: int | None, one: _Parameter, arguments: tuple[object, ...], tag: str, now: float
    ) -> None:
        """The console says what a parameter is."""
        value = arguments[0] if arguments else None
        if tag != ("f" if one.key in ("f", "g", "q") else "i") or not isinstance(value, int | float) or value != value:
            self.counts["malformed"] += 1
            one.unread, one.asked = True, now  # asked again, in a while
            return
        before, one.known, one.unread = one.known, stepped(one.key, value), False
        if one.sent is not None and alike(one.key, one.sent, value):
            one.sent, one.others = None, 0
        elif before is None or alike(one.key, before, value) or one.was_perhaps(value):
            one.others += one.sent is not None
        elif one.wrote_lately(value, now):  # an echo that comes late, or a write that is lost
            one.others += one.sent is not None
            if one.sent is None:  # what is behind it was confirmed already: the next answer decides
                one.known, one.unread, one.asked = before, True, now
        else:
            self._hand(strip, index, one)
        one.perhaps = None
        strip.dormant = strip.dormant and strip.switch.known == 0
        if strip.found is None and not any(part.unread for part in strip.all()):
            self._found(strip)

    def _hand(self, strip: _Strip, index: int | None, one: _Parameter) -> None:
        """Somebody else has changed it: what we had in mind for it is over."""
        self.counts["touched"] += 1
        strip.turn = None
        one.sent = None
        if index is None:
            strip.switched = True
            return
        for part in strip.bands[index]:
            part.sent = None
        strip.wanted.pop(index, None)
        strip.touched.add(index)
        strip.hands.add(index)

    def _found(self, strip: _Strip) -> None:
        strip.found = int(strip.switch.known or 0), tuple(map(strip.raw, range(strip.eq.bands)))
        strip.dormant = strip.switch.known == 0

    def _alive(self, now: float) -> None:
        self.answered, self._open = now, None
        if self._silent:  # it may have been off, or have another scene
            self._silent = False
            self._remote = -1e9
            for _, _, one in self._turns:
                one.unread, one.asked = True, -1e9

    # --- packets out ---------------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[bytes]:
        """The packets to send now; call it every few hundredths of a second, and after `received`."""
        self._began = now if self._began is None else self._began
        if not self._silent and self._open is not None and now - self._open > DEAD_S:
            self._fall_silent()
        self._tokens, self._filled = min(BURST, self._tokens + RATE * max(0.0, now - self._filled)), now
        out: list[bytes] = []
        if now - self._remote >= REMOTE_S:
            out.append(encode("/xremote"))
            self._remote = now
        if now - self._info >= INFO_S:
            out.append(encode("/info"))
            self._info = now
        if not self._silent:
            for strip in self._strips.values():
                self._write(strip, now, out)
            for _, _, one in self._turns:
                if one.unread and now - one.asked >= RETRY_S:
                    self._ask(one, now, out)
        if now - self._poll >= (PROBE_S if self._silent else POLL_S) and self._turns:
            self._poll = now
            self._turn = (self._turn + 1) % len(self._turns)
            self._ask(self._turns[self._turn][2], now, out)
        self.counts["sent"] += len(out)
        return out

    def _fall_silent(self) -> None:
        self._silent = True
        self.counts["silences"] += 1
        for strip in self._strips.values():
            self.counts["dropped"] += len(strip.wanted)
            strip.wanted, strip.turn = {}, None
            for one in strip.all():
                one.perhaps = one.sent  # it may have got there: then it is ours when the console is back
                one.sent = None

    def _ask(self, one: _Parameter, now: float, out: list[bytes]) -> None:
        if self._tokens >= 1:
            self._tokens -= 1
            one.asked = now
            self._open = now if self._open is None else self._open
            out.append(encode(one.address))

    def _put(self, one: _Parameter, value: float, now: float, out: list[bytes]) -> None:
        """Write a parameter and ask for it. It is one that `_addresses` has: there is no other way to write."""
        if self._tokens < 2:
            return
        self._tokens -= 1
        again = one.sent is not None and one.sent == value
        self.counts["retried" if again else "written"] += 1
        one.others = one.others if again else 0
        one.sent, one.sent_at = value, now
        one.ours = [*one.ours[-7:], (now, value)]
        out.append(encode(one.address, value, tags="f" if one.key in ("f", "g", "q") else "i"))
        self._ask(one, now, out)

    def _write(self, strip: _Strip, now: float, out: list[bytes]) -> None:
        """What is next for an equaliser: off before all, on behind all, of each band the parameter that is next."""
        if strip.turn is not None and (strip.turn == 0 or not strip.wanted):
            if self._parameter(strip, strip.switch, strip.turn, now, out):
                strip.turn = None
            if strip.turn == 0:
                return
        for index, raw in list(strip.wanted.items()):
            if index not in strip.wanted:
                return  # what is refused ends them all
            grows = abs(raw[2] - FLAT) >= abs(strip.raw(index)[2] - FLAT)
            order = (0, 1, 3, 2) if grows else (2, 0, 1, 3)
            if all(self._parameter(strip, strip.bands[index][k], raw[k], now, out) for k in order):
                strip.wanted.pop(index, None)

    def _parameter(self, strip: _Strip, one: _Parameter, value: float, now: float, out: list[bytes]) -> bool:
        """True where the console holds it; else it is sent where it has to be, and what comes behind it waits."""
        if one.sent is None and one.known is not None and alike(one.key, one.known, value):
            return True
        if one.others >= REFUSALS:
            strip.refused = f"the console does not take {value:g} for {one.address}, it stays at {one.known:g}"
            strip.wanted, strip.turn = {}, None
            one.sent, one.others = None, 0
        elif one.sent is None or one.sent != value or now - one.sent_at >= RETRY_S:
            self._put(one, value, now, out)
        return False

    # --- words ---------------------------------------------------------------------------------------------------------

    def health(self, now: float) -> tuple[State, str]:
        """How it is, in words that say what to do."""
        if self.answered is None:
            waited = now - self._began if self._began is not None else 0.0
            cure = "no console answers: is it on, is its address right, and this machine in its network?"
            return (State.DEGRADED, cure) if waited > DEAD_S else (State.STARTING, "asks the console")
        if self._silent:
            silent = f"the console has not answered for {now - self.answered:.0f} s: nothing is changed"
            return State.DEGRADED, f"{silent}; look at its power and its network"
        if self._model and (self._model.upper()[:3] in ("X32", "M32")) != (self.console == "x32"):
            return State.DEGRADED, f"the console is {self._name}, and the venue file says `{self.console}`: correct the file"
        for strip in self._strips.values():
            if (words := self._lacks(strip, now)) is not None:
                return words
        return State.RUNNING, "; ".join([self._name or "console", *map(_told_of, self._strips.values())])

    def _lacks(self, strip: _Strip, now: float) -> tuple[State, str] | None:
        name = strip.eq.name
        if strip.found is None:
            missing = next(one.address for one in strip.all() if one.unread)
            late = self._began is not None and now - self._began > 5 * DEAD_S
            text = f"{name}: the console does not answer {missing}: is it of this type?"
            return (State.DEGRADED, text) if late else (State.STARTING, f"reads {name}")
        if strip.refused:
            return State.DEGRADED, f"{name}: {strip.refused}; look whether it is locked"
        if strip.mode is not None and strip.mode.known != 0:
            return State.DEGRADED, f"{name} is in graphic mode, its bands are not heard: set it to PEQ at the console"
        return None


def _told_of(strip: _Strip) -> str:
    text = f"{strip.eq.name} has {strip.eq.bands} bands"
    if theirs := strip.hands | strip.foreign():
        text += f", the engineer's: {', '.join(str(i + 1) for i in sorted(theirs))}"
    return text if strip.switch.known else f"{text}, and is switched off"


def _writable(raw: Raw) -> bool:
    """Whether what was found is what the scales have: an emulator may hold anything."""
    return all(within(key, value) for key, value in zip(KEYS, raw, strict=True))
