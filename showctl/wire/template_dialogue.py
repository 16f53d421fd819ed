"""What is said to a console that is described by a template (`console_template`). PURE: bytes and `now` in, bytes out.

In rounds, as `polled` has it: all bands are asked for, and when all have answered, what is to be written next goes out. A round
that has gaps is asked again where they are; a console that leaves it open for DEAD_S is silent, and what was on its way to it is
dropped.

A console that cannot be asked is followed by nobody: what it holds is not known until showctl has made every band of it flat,
which somebody has to ask for (`switch_on`). Until then it counts as switched off, from then on as what it was told last; a
connection that was lost ends that, as it may have been off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from showctl.model import ConsoleState, EqBand, State, WireError
from showctl.plan import PaTemplate
from showctl.wire.console_template import LONGEST, MOST_ID, VALUES, Script, a_band
from showctl.wire.polled import Polled
from showctl.wire.x32 import Limits

EVERY_S = 1.0  # that it is asked
PIECE_S = 0.1  # the same while bands move
AGAIN_S = 0.7  # that an answer may take until it is asked for again; in a round that takes too long ever longer
DEAD_S = 3.0  # that a round may take, and that it may say nothing
LINES = 12  # at one time: 20 times a second at most
MOST_ASKED = 5000  # questions that may still be answered
WORDS = 80  # characters of what it says
Place: TypeAlias = tuple[str, int]  # equaliser and band (from 0)


class Talk:
    """One console and its equalisers, by the names of the venue file; times are show time (s)."""

    def __init__(self, template: PaTemplate, names: Sequence[str], limits: Limits) -> None:
        self.template, self._script, self._names = template, Script(template), list(names)
        self.equalisers = {name: Polled(limits, self._script.rounded, self._script.same) for name in names}
        self.blind = not template.ask
        self.answered: float | None = None
        self.counts = dict.fromkeys(("received", "passed_over", "sent", "rounds", "silences"), 0)
        self._end = template.end.encode()
        self._known_blind: set[str] = set()  # equalisers that cannot be asked, and were made flat
        self._said = self._trouble = ""  # what it said last that is no answer; what is wrong with one that is
        self._number = 0
        self.lost()

    def connected(self, now: float) -> None:
        """There is a way to it."""
        self.lost()
        self._open, self._began, self._alive = True, now, now
        self._lines.extend(self._encoded(self.template.hello))
        if self.blind:
            self.answered = now

    def lost(self) -> None:
        """There is none, or not any more: what was on its way is dropped."""
        self._open, self._silent, self._quiet = False, False, False
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._asked: dict[int, Place] = {}
        self._round: dict[Place, dict[str, float]] | None = None  # what has been answered in it
        self._began, self._again, self._next, self._alive = 0.0, 0.0, -1e9, 0.0
        self._patience, self._heard = AGAIN_S, 0.0
        self._known_blind.clear()
        for one in self.equalisers.values():
            one.fall_silent()

    @property
    def silent(self) -> bool:
        """Whether it has left a round open for too long, and says nothing: a new connection may help."""
        return self._silent and self._quiet

    # --- what is asked of it -----------------------------------------------------------------------------------------

    def write(self, name: str, index: int, to: EqBand, found: EqBand | None = None) -> bool:
        """Have a band become this, within the limits or what was `found`. False where it may not be written to now."""
        reached = self._open and not self._silent and (not self.blind or name in self._known_blind)
        return reached and self.equalisers[name].write(index, to, found)

    def switch_on(self, name: str) -> bool:
        """Make every band of one that cannot be asked flat, whatever it holds. False where it can be asked, or not be reached."""
        if not self.blind or not self._open:
            return False
        self._known_blind.add(name)
        bands, one = _flat(self.template.bands), self.equalisers[name]
        if one.known:
            one.forget()
        one.read(bands)
        for index, band in enumerate(bands):
            self._set(name, {index: band})
        return True

    def take(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last."""
        if not self.blind:
            return replace(self.equalisers[name].take(self.answered), trouble=self._trouble)
        if name not in self._known_blind:
            return replace(self.equalisers[name].take(self.answered), bands=_flat(self.template.bands), on=False)
        return self.equalisers[name].take(self.answered)

    def limit(self, limits: Limits) -> None:
        """Others hold from now on."""
        for one in self.equalisers.values():
            one.limits = limits

    # --- what it says ------------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float) -> None:
        """Bytes of a stream, or a whole packet. WireError for a stream that has no lines."""
        if self.template.transport == "udp" or not self._end:
            lines = [data]
        else:
            *lines, self._rest = (self._rest + data).split(self._end)
            if len(self._rest) > LONGEST:
                self._rest = b""
                raise WireError(f"it says more than {LONGEST} characters without the end of a line: is `end` right?")
        for one in lines:
            self._line(one, now)

    def _line(self, data: bytes, now: float) -> None:
        self.counts["received"] += 1
        self._heard, self._quiet = now, False
        if self.blind:
            return
        text = data.decode(errors="replace").strip("\r\n\0")
        try:
            said = self._script.heard(text, self._asked, self._names)
        except WireError as error:
            said, self._trouble = None, f"the console answers nonsense: {error}"
        if said is None:
            self.counts["passed_over"] += 1
            self._said = "".join(one if one.isprintable() else " " for one in text[:WORDS]) or self._said
        elif self._round is not None:
            self._round[said.equaliser, said.band].update(said.values)
            self._again = now  # a slow console is not asked again while it answers
            if all(len(one) == len(VALUES) for one in self._round.values()):
                self._close(self._round, now)

    def _close(self, answers: Mapping[Place, Mapping[str, float]], now: float) -> None:
        """All of it is known: what is to be written next goes out."""
        self._round, self._asked, self._trouble = None, {}, ""
        self.answered, self._silent = now, False
        self.counts["rounds"] += 1
        moving = False
        try:
            found = {place: a_band(values) for place, values in answers.items()}
        except WireError as error:
            self._trouble, found = f"the console answers nonsense: {error}", {}
        for name, one in self.equalisers.items() if found else ():
            one.read(tuple(found[name, index] for index in range(self.template.bands)))
            due = one.due()
            self._set(name, due)
            moving = moving or bool(due)
        self._next = now + (PIECE_S if moving else EVERY_S)

    # --- what is said to it ------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[bytes]:
        """What to send now; call it every few hundredths of a second."""
        if not self._open:
            return []
        if self.template.alive and now - self._alive >= self.template.every:
            self._alive = now
            self._lines.extend(self._encoded(self.template.alive))
        if self.blind:
            self._tell(now)
        else:
            self._ask(now)
        out = [self._lines.popleft() for _ in range(min(LINES, len(self._lines)))]
        self.counts["sent"] += len(out)
        return out

    def _tell(self, now: float) -> None:
        """To one that cannot be asked: what it was told is what it holds."""
        self.answered = now
        if now < self._next or self._lines:
            return
        self._next = now + PIECE_S
        for name in self._known_blind:
            one = self.equalisers[name]
            if due := one.due():
                self._set(name, due)
                one.read(tuple(due.get(index, band) for index, band in enumerate(one.known)))

    def _ask(self, now: float) -> None:
        moving = any(not one.settled for one in self.equalisers.values())
        if self._round is None:
            if now < self._next - (EVERY_S - PIECE_S) * moving or self._lines:
                return
            self._round = {(name, index): {} for name in self._names for index in range(self.template.bands)}
            self._began = self._again = self._heard = now
            self._patience = AGAIN_S
            self._questions(list(self._round))
            return
        self._quiet = now - self._heard > DEAD_S
        if now - self._began > DEAD_S and not self._silent:
            self._silent = True
            self.counts["silences"] += 1
            for one in self.equalisers.values():
                one.fall_silent()
        elif now - self._again > self._patience and not self._lines:
            self._again = now
            self._patience *= 2 if self._silent else 1
            self._questions([place for place, values in self._round.items() if len(values) < len(VALUES)])

    def _questions(self, places: Sequence[Place]) -> None:
        for name, index in places:
            first = self._numbers(len(self.template.ask))
            self._asked |= {first + n: (name, index) for n in range(len(self.template.ask))}
            self._lines.extend(self._encoded(self._script.asks(name, index, first)))
        for number in list(self._asked)[:-MOST_ASKED]:
            del self._asked[number]

    def _set(self, name: str, bands: Mapping[int, EqBand]) -> None:
        for index, band in sorted(bands.items()):
            lines = self._script.sets(name, index, band, self._numbers(len(self.template.set)))
            self._lines.extend(self._encoded(lines))

    def _numbers(self, count: int) -> int:
        """The first of so many numbers that no line has had of late."""
        first = self._number + 1 if self._number + count < MOST_ID else 1
        self._number = first + count - 1
        return first

    def _encoded(self, lines: Sequence[str]) -> list[bytes]:
        return [one.encode() + self._end for one in lines]

    # --- words -------------------------------------------------------------------------------------------------------

    def health(self, now: float) -> tuple[State, str]:
        """How it is, in words that say what to do."""
        if self.blind:
            return self._blind_words()
        said = f"; what it says is `{self._said}`" if self._said else ""
        if self._trouble:
            return State.DEGRADED, self._trouble
        if self._silent or (self.answered is None and self._open and now - self._began > DEAD_S):
            missing = next((place for place, values in (self._round or {}).items() if len(values) < len(VALUES)), ("", 0))
            text = f"it does not answer for band {missing[1] + 1} of {missing[0]}: nothing is changed"
            return State.DEGRADED, f"{text}; are `ask` and what is answered right?{said}"
        if self.answered is None:
            return State.STARTING, "asks the console"
        for name, one in self.equalisers.items():
            if one.refused:
                text = f"{name}: {next(iter(one.refused.values()))}"
                return (
                    State.DEGRADED,
                    f"{text}: is `set` right, has it coarser steps, is it locked? Then hand the band back{said}",
                )
        return State.RUNNING, "; ".join(f"{name} has {self.template.bands} bands" for name in self._names)

    def _blind_words(self) -> tuple[State, str]:
        if not self._open:
            return State.STARTING, "the console is connected to"
        if unknown := [name for name in self._names if name not in self._known_blind]:
            cure = "`showctl room apply --switch-on` makes it flat; from then on it is what it was told"
            return State.RUNNING, f"this console cannot be asked, so what {unknown[0]} holds is not known: {cure}"
        return (
            State.RUNNING,
            "this console cannot be asked: a hand on it is not noticed, and what it was told is taken for what it is",
        )


def _flat(bands: int) -> tuple[EqBand, ...]:
    """Flat bands, equally far apart from 50 Hz to 12.8 kHz."""
    return tuple(EqBand("peaking", round(50.0 * 256 ** (n / max(1, bands - 1)), 0), 0.0, 1.0) for n in range(bands))
