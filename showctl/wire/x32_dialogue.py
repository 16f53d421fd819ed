"""What is said to an X32, M32 or X-Air about the equalisers that a venue file names. PURE: packets and `now` in, packets out.

All of it is read first; nothing is written before. What is to be written, and whose hand was where, each equaliser knows
(`x32_strip`); here are the packets and their pace. Each write is followed by the question for it; lost packets are sent again.
Answers are known by their address, never by their order: a console answers late, twice, or not at all, and speaks unasked.

`/xremote` makes the console tell what other hands do, for ten seconds each time and for four listeners at most. The fifth is not
told that it is not heard, so every parameter is asked for in turn as well, which also shows that the console is alive. When it
falls silent all that was on its way is dropped; what it holds after that is read anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from showctl.model import ConsoleState, EqBand, State, WireError
from showctl.wire.osc import Message, decode, encode
from showctl.wire.x32 import KEYS, Console, Equaliser, Limits
from showctl.wire.x32_strip import DEAD_S, RETRY_S, Parameter, Strip

REMOTE_S = 4.0  # the console forgets a listener after ten seconds: two may be lost
INFO_S = 1.0  # who it is, which every console answers whatever its type
POLL_S = 0.1  # from one question to the next, all parameters in turn
PROBE_S = 0.5  # the same while the console is silent
RATE, BURST = 60.0, 20.0  # packets a second, and at once


class Dialogue:
    """One console. Names of equalisers are those of the venue file; bands count from 0; times are show time (s)."""

    def __init__(self, console: Console, equalisers: Sequence[Equaliser], limits: Limits) -> None:
        self.console, self.limits = console, limits
        self.answered: float | None = None  # when the console last said anything
        self.counts = dict.fromkeys(("received", "malformed", "sent", "written", "retried", "dropped", "touched", "silences"), 0)
        self._addresses: dict[str, tuple[Strip, int | None, Parameter]] = {}  # with the band, if it is of one
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

    def _strip(self, eq: Equaliser) -> Strip:
        strip = Strip.of(eq)
        numbers = {part.address: i for i, parts in enumerate(strip.bands) for part in parts}
        self._addresses |= {one.address: (strip, numbers.get(one.address), one) for one in strip.all()}
        return strip

    # --- what is asked of it -------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Its equalisers, as the venue file has them."""
        return list(self._strips)

    def write(self, name: str, index: int, to: EqBand, found: EqBand | None = None) -> bool:
        """Have a band become this, within the limits or what was `found` of it once. False, and nothing is done, where it is not
        (or no longer) read, silent, hidden by its switch, a filter of the engineer's, or touched and nobody has been told yet.
        KeyError or ValueError for what the venue file does not name, or no band."""
        strip = self._strips[name]
        done = not self._silent and not self._stranger() and strip.write(index, to, self.limits, found)
        self.counts["dropped"] += not done
        return done

    def switch_on(self, name: str) -> bool:
        """Have an equaliser that is off become flat, every band of it, and then on. False where it is on, in graphic mode, not
        read, or silent."""
        return not self._silent and not self._stranger() and self._strips[name].switch_on()

    def switch_back(self, name: str) -> bool:
        """Have an equaliser that `switch_on` switched on become what was found. False where it is not so, or silent."""
        return not self._silent and not self._stranger() and self._strips[name].switch_back()

    def take(self, name: str) -> ConsoleState:
        """What an equaliser is now, and who touched what since this was asked last; nothing of another type of console."""
        return ConsoleState(self.answered) if self._stranger() else self._strips[name].take(self.answered)

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

    def _told(self, strip: Strip, index: int | None, one: Parameter, arguments: tuple[object, ...], tag: str, now: float) -> None:
        """The console says what a parameter is."""
        value = arguments[0] if arguments else None
        if tag != ("f" if one.key in ("f", "g", "q") else "i") or not isinstance(value, int | float) or value != value:
            self.counts["malformed"] += 1
            one.unread, one.asked = True, now  # asked again, in a while
            return
        self.counts["touched"] += strip.told(index, one, value, now)

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
                for one, value in strip.due(now):
                    self._put(one, value, now, out)
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
        self.counts["dropped"] += sum(strip.fall_silent() for strip in self._strips.values())

    def _ask(self, one: Parameter, now: float, out: list[bytes]) -> None:
        if self._tokens >= 1:
            self._tokens -= 1
            one.asked = now
            self._open = now if self._open is None else self._open
            out.append(encode(one.address))

    def _put(self, one: Parameter, value: float, now: float, out: list[bytes]) -> None:
        """Write a parameter and ask for it. It is one that `_addresses` has: there is no other way to write."""
        if self._tokens < 2:
            return
        self._tokens -= 1
        self.counts["retried" if one.put(value, now) else "written"] += 1
        out.append(encode(one.address, value, tags="f" if one.key in ("f", "g", "q") else "i"))
        self._ask(one, now, out)

    def _stranger(self) -> bool:
        """Whether the console says that it is of the other type, not the one that the venue file names: some of its addresses are
        the same."""
        return bool(self._model) and (self._model.upper()[:3] in ("X32", "M32")) != (self.console == "x32")

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
        if self._stranger():
            return State.DEGRADED, f"the console is {self._name}, and the venue file says `{self.console}`: correct the file"
        late = self._began is not None and now - self._began > 5 * DEAD_S
        for strip in self._strips.values():
            if (words := strip.lacks(late)) is not None:
                return words
        return State.RUNNING, "; ".join([self._name or "console", *(strip.words() for strip in self._strips.values())])
