"""What is said to CamillaDSP about the equalisers that a venue file names. PURE: texts and `now` in, texts out.

One question at a time, each with its answer. A round is: which configuration it plays and how it is, then the configuration
itself, and right behind that a patch with what is to be written next, so nothing is written that was not read a moment before.
Whose a band is and how it gets where it is to be is `polled`'s to say; rounds follow each other while bands are on their way.

CamillaDSP forgets patches: where it is started anew, or somebody loads its configuration again, all that was moved stands as it
was found. That is no hand on a band, so the equaliser counts as found anew (`ConsoleState.found`): where the file of the
configuration is another one or its filters are others, and where several bands at once, or any while nobody was connected, came
back to what they were at first. A single band that comes back is a hand: it may be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from showctl.model import ConsoleState, EqBand, State, WireError
from showctl.wire import camilla
from showctl.wire.camilla import LEAST_VERSION, Answer, Chain
from showctl.wire.polled import Bands, Polled, alike
from showctl.wire.x32 import Limits

EVERY_S = 0.5  # from one round to the next
PIECE_S = 0.06  # the same while bands are on their way: 8 dB a second
RETRY_S = 0.3  # the same where what was sent had not arrived
DEAD_S = 2.0  # a question that has no answer for so long will have none
ROUND = ("GetState", "GetConfigFilePath", "GetConfigJson")
PLAYS = {"Running": "", "Paused": "its input is silent, so it rests"}
WORDS = 300  # characters of what it complains


class Dialogue:
    """One CamillaDSP. Names of equalisers are those of the venue file; bands count from 0; times are show time (s)."""

    def __init__(self, names: Sequence[str], limits: Limits) -> None:
        self.names = list(dict.fromkeys(names))
        self.answered: float | None = None  # when it last answered
        self.counts = dict.fromkeys(("answers", "connections", "refused", "anew"), 0)
        self._limits = limits
        self._places = {name: _Place(limits) for name in self.names}
        self._connected = False
        self._asked: tuple[str, float] | None = None  # a command and when it was sent
        self._next: list[str] = []  # commands of this round
        self._round = 0.0
        self._late = False  # what was sent last had not arrived
        self._version, self._takes = "", True
        self._path: str | None = None
        self._state, self._reason = "", ""
        self._trouble = ""  # why nothing can be read or written
        self._refusal = ""  # what it said last of a patch
        self._fresh = False  # nothing has been read since the connection was made
        self._network = ""  # why there is no connection

    # --- what is asked of it -------------------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What no band goes beyond."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        for place in self._places.values():
            place.polled.limits = limits

    def write(self, name: str, index: int, to: EqBand, found: EqBand | None = None) -> bool:
        """Have a band become this, within the limits or what was `found` of it once. False, and nothing is done, where it cannot
        be written to. KeyError or ValueError for what the venue file does not name, or no band."""
        place = self._places[name]
        return self._writable(place) and place.polled.write(index, to, found)

    def take(self, name: str) -> ConsoleState:
        """What an equaliser is, or is about to be, and what was touched since this was asked last."""
        place = self._places[name]
        if self._connected and self._fresh:
            return ConsoleState(self.answered, found=place.found)
        if trouble := self._trouble or place.trouble:
            return ConsoleState(self.answered, trouble=f"CamillaDSP: {trouble}", found=place.found)
        return place.taken(self.answered)

    def settled(self, name: str) -> bool:
        """Whether it is read back that an equaliser is all that it was told to be."""
        return self._places[name].polled.settled

    def counted(self) -> dict[str, int]:
        """What has happened so far, for the health."""
        counts = dict(self.counts)
        for place in self._places.values():
            for key, count in place.polled.counts.items():
                counts[key] = counts.get(key, 0) + count
        return counts

    def _writable(self, place: _Place) -> bool:
        return self._connected and not self._fresh and not self._trouble and not place.trouble

    # --- the connection ------------------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """There is one, and nothing is known of what is behind it."""
        self._connected, self._fresh, self._asked = True, True, None
        self._next, self._round, self._late = ["GetVersion", *ROUND], now, False
        self._takes, self._trouble, self._refusal, self._network = True, "", "", ""
        self.counts["connections"] += 1

    def lost(self, why: str) -> None:
        """There is none, or none any more. What is on its way goes on where it was when it has been read again."""
        self._connected, self._network = False, why

    def overdue(self, now: float) -> str:
        """Why the connection is good for nothing any more, in words; empty where it is."""
        if self._asked is None or now - self._asked[1] <= DEAD_S:
            return ""
        return f"it has not answered {self._asked[0]} for {now - self._asked[1]:.0f} s"

    # --- texts out -----------------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[str]:
        """The text to send now, if any; call it every few hundredths of a second, and after `received`."""
        if not self._connected or self._asked is not None:
            return []
        moving = any(self._writable(place) and not place.polled.settled for place in self._places.values())
        if not self._next and now - self._round >= (RETRY_S if self._late else PIECE_S if moving else EVERY_S):
            self._round, self._next = now, ["GetConfigFilePath", "GetConfigJson"] if moving else list(ROUND)
        if not self._next:
            return []
        self._asked = self._next.pop(0), now
        return [camilla.command(self._asked[0])]

    def _patch(self, now: float) -> list[str]:
        """What is to be written next, where anything is."""
        due: dict[str, EqBand] = {}
        self._late = False
        for place in self._places.values():
            if self._writable(place):
                retried = place.polled.counts["retried"]
                due |= {place.filters[i]: band for i, band in place.polled.due().items()}
                self._late = self._late or place.polled.counts["retried"] > retried
        if not due:
            return []
        self._asked = "PatchConfig", now
        return [camilla.patch(due)]

    # --- texts in ------------------------------------------------------------------------------------------------------

    def received(self, text: str, now: float) -> list[str]:
        """One text of it; what is to be sent at once. Raises WireError for nonsense, which ends the connection."""
        answer = camilla.answer(text)
        if self._asked is None or answer.command not in (self._asked[0], "Invalid"):
            raise WireError(f"it answers {answer.command[:40]}, which was not asked")
        command, self._asked = self._asked[0], None
        self.answered = now
        self.counts["answers"] += 1
        if command == "PatchConfig":
            self._became(answer)
        elif answer.error:
            self._trouble = f"it does not answer {command}: {answer.error[:WORDS]}"
        elif command == "GetVersion":
            self._version, number = camilla.version(answer.value)
            self._takes = number >= LEAST_VERSION
        elif command == "GetConfigFilePath":
            self._at(answer.value)
        elif command == "GetState":
            self._is(answer.value)
        elif command == "GetStopReason":
            self._reason = str(answer.value)[:40]
        else:
            return self._read(answer.value, now)
        return []

    def _is(self, value: object) -> None:
        self._state = value if isinstance(value, str) else ""
        if self._state == "Inactive":
            self._next.insert(0, "GetStopReason")
        else:
            self._reason = ""

    def _at(self, value: object) -> None:
        """Where its configuration lies: another place, and all of it is another one."""
        path = value if isinstance(value, str) else None
        if path != self._path:
            self._path = path
            for place in self._places.values():
                place.loaded = True

    def _became(self, answer: Answer) -> None:
        if answer.command == "Invalid":
            self._takes = False
        self._refusal = answer.error[:WORDS]
        self.counts["refused"] += bool(answer.error)

    def _read(self, value: object, now: float) -> list[str]:
        """Its configuration: what is to be sent of it."""
        config = camilla.configuration(value)
        self._trouble = self._unable(config)
        for name, place in self._places.items():
            place.trouble, chain = "", camilla.chain(config, name) if config is not None else None
            if isinstance(chain, Chain):
                self.counts["anew"] += place.read(chain, self._fresh)
            elif chain is None:
                place.loaded = True
            else:
                place.trouble = f"{name}: {chain}"
        self._fresh = False
        return self._patch(now)

    def _unable(self, config: dict[str, Any] | None) -> str:
        if not self._takes:
            return f"version {self._version} takes no change of a single filter (PatchConfig): 4.0 or newer does"
        if config is None or self._state == "Inactive":
            because = f" ({self._reason})" if self._reason not in ("", "None") else ""
            return f"it plays nothing{because}: give it a configuration"
        if self._state == "Stalled":
            return "it stands still: its capture device gives it nothing"
        return ""

    # --- words ---------------------------------------------------------------------------------------------------------

    def health(self, now: float) -> tuple[State, str]:
        """How it is, in words that say what to do."""
        if not self._connected:
            return self._unreached(now)
        if self._fresh and not self._trouble:
            return State.STARTING, "reads CamillaDSP's configuration"
        if trouble := self._trouble or next((place.trouble for place in self._places.values() if place.trouble), ""):
            return State.DEGRADED, f"CamillaDSP: {trouble}"
        for name, place in self._places.items():
            if place.polled.refused:
                said = f" ({self._refusal})" if self._refusal else ""
                text = f"CamillaDSP: {name}: {next(iter(place.polled.refused.values()))}{said}"
                return State.DEGRADED, f"{text}: does another program set it, too? Then hand the band back"
        told = [f"{name} has {len(place.filters)} bands" for name, place in self._places.items()]
        if self._state == "Starting":
            return State.STARTING, "CamillaDSP starts"
        return State.RUNNING, "; ".join([f"CamillaDSP {self._version}", *told, *filter(None, [PLAYS.get(self._state, "")])])

    def _unreached(self, now: float) -> tuple[State, str]:
        said = f" ({self._network})" if self._network else ""
        if self.answered is None:
            if not self._network:
                return State.STARTING, "CamillaDSP is looked for"
            cure = "does CamillaDSP run there, started with `--port`, and is `address` right?"
            return State.DEGRADED, f"nobody answers{said}: {cure}"
        text = f"CamillaDSP has not answered for {now - self.answered:.0f} s{said}: nothing is changed"
        return State.DEGRADED, f"{text}; is it still running?"


class _Place:
    """One equaliser: what it holds, and which filters that are."""

    def __init__(self, limits: Limits) -> None:
        self.polled = _polled(limits)
        self.filters: tuple[str, ...] = ()
        self.trouble = ""  # why it is no equaliser just now
        self.found = 0  # times that it was found anew
        self.loaded = False  # since it was read there was none, or one of another file
        self._first: Bands = ()

    def taken(self, answered: float | None) -> ConsoleState:
        """What it is, or is about to be."""
        state = self.polled.take(answered)
        return ConsoleState(answered, state.bands, True, state.touched, found=self.found)

    def read(self, chain: Chain, unseen: bool) -> bool:
        """It is this now; whether it is found anew. `unseen`: nobody was connected meanwhile."""
        anew = bool(self.filters) and self._is_anew(chain, unseen)
        if anew or not self.filters:
            counts, self.polled = self.polled.counts, _polled(self.polled.limits)
            self.polled.counts = counts
            self.filters, self._first = chain.filters, chain.bands
            self.found += anew
        self.loaded = False
        self.polled.read(chain.bands)
        return anew

    def _is_anew(self, chain: Chain, unseen: bool) -> bool:
        if chain.filters != self.filters:
            return True
        others = len(self.polled.others(chain.bands))
        first = all(map(alike, chain.bands, self._first))
        return others > 0 and (self.loaded or (first and others >= (1 if unseen else 2)))


def _polled(limits: Limits) -> Polled:
    return Polled(limits, kinds=tuple(camilla.TYPES))
