"""Where each message of OSC goes, and what comes of it: everything behind the socket and the allow-list.

    /showctl/get, /subscribe    to `replies`, which says what is to be sent back
    /showctl/...                to the dictionary of `wire.osc_dictionary`; what comes of it to `emit`
    /eos/...                    to `eos`
    what a show binds           to what it is bound to, at once or with the next beat
    anything else               to `motion`, which knows the wearables

Of all that a fader says in one turn only the last reaches the show: a flood of levels costs it a few. Only questions are
answered, and messages that are counted by their sender: `/showctl/go 1 4711` by /showctl/heard or /showctl/refused, so that who
repeats it until it was heard can stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from showctl.inputs.osc_told import Lines
from showctl.model import ControlEvent, SetHouse, SetMaster, SetRate, TrackRate, TrackVolume
from showctl.plan import Quantise
from showctl.wire.bound import Asked
from showctl.wire.osc import Message, encode
from showctl.wire.osc_answers import plain
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import Vocabulary, control, running_number
from showctl.wire.osc_looks import Looks
from showctl.wire.osc_repeats import Repeats
from showctl.wire.osc_senders import Sender, Senders
from showctl.wire.places import joined

Peer: TypeAlias = tuple[str, int]
Fader: TypeAlias = tuple[str, str]

MOST_ASKED = 32  # questions in one packet
ASKS = ("/showctl/get", "/showctl/subscribe", "/showctl/unsubscribe")


@dataclass(frozen=True, slots=True)
class Routes:
    """Where messages go that are not for the dictionary; who is not there is not asked."""

    eos: Callable[[Message, str], None] | None = None  # and who sent them
    motion: Callable[[Message, str, float], bool] | None = None  # of ip:port, at show time; False: of no wearable of ours
    replies: Callable[[Message, Peer, float], list[tuple[bytes, Peer]] | None] | None = None  # None: not a question
    bound: Callable[[Message, str, float], Asked | None] | None = None  # what a show binds to other addresses; None: not to this
    later: Callable[[ControlEvent, Quantise, str], bool] | None = None  # what is asked for with the next beat; False: no room


DICTIONARY = Routes()  # and nothing else


class Router:
    """Takes the messages of those who may send. A turn is a wake-up of the loop, or one packet outside of it."""

    def __init__(
        self,
        senders: Senders,
        lines: Lines,
        *,
        emit: Callable[[ControlEvent], bool],
        names: Callable[[], Vocabulary],
        send: Callable[[bytes, Peer], object],
        routes: Routes,
    ) -> None:
        """`emit` returns False where there is no room for more; `send` answers who asked."""
        self.senders, self._lines = senders, lines
        self._emit, self._names, self._send, self._routes = emit, names, send, routes
        self._repeats, self.looks = Repeats(), Looks()
        self._asked = 0  # questions of the packet that is looked at
        self._faders: dict[Fader, ControlEvent] = {}  # what they said last in this turn
        self.counts = {"fired": 0, "released": 0, **{_counter(refusal): 0 for refusal in Refusal}}
        self.counts |= dict.fromkeys(
            ("superseded", "refused_full", "refused_wearable", "repeated", "motion", "asked", "refused_question"), 0
        )

    def begin(self) -> None:
        """The messages of another packet come."""
        self._asked = 0

    def clear(self) -> None:
        """What faders said in a turn that was torn off is not said in the next."""
        self._faders.clear()

    def route(self, message: Message, sender: Sender, peer: Peer, now: float) -> None:
        """Do what a message asks for, or count why not."""
        if message.address.startswith("/showctl/"):
            self._command(message, sender, peer, now)
        else:
            self._other(message, sender, peer, now)

    def _command(self, message: Message, sender: Sender, peer: Peer, now: float) -> None:
        """A message to us: it may command, or ask."""
        if sender.worn is not None and not sender.commands(peer[1]):
            self.counts["refused_wearable"] += 1
            self._lines.tell(peer[0], f"a wearable may not command: {message.address[:80]!r}; allow its very address if it may")
            return
        if message.address.startswith(ASKS) and self._routes.replies is not None:
            self._asked += 1
            answers = self._routes.replies(message, peer, now) if self._asked <= MOST_ASKED else []
            if answers is not None:
                self.counts["asked" if self._asked <= MOST_ASKED else "refused_question"] += 1
                for packet, to in answers:
                    self._send(packet, to)
                return
        number = running_number(message)
        if self._repeats.again(message, number, peer[0], now):
            self.counts["repeated"] += 1
            self._answer(message, number, "", peer)
            return
        why = self._do(control(message, now, sender.name, self._names()), message, number, sender)
        if why:
            self._repeats.forget(message, number, peer[0])
        self._answer(message, number, why, peer)

    def _do(self, asked: ControlEvent | Refusal | None, message: Message, number: int | None, sender: Sender) -> str:
        """Do what is asked for; -> why not, empty where it is done."""
        if isinstance(asked, Refusal):
            self.counts[_counter(asked)] += 1
            said = "".join(f" {one[:80]!r}" for one in message.arguments[:1] if isinstance(one, str))
            self._lines.tell(sender.host, f"{asked.value}: {message.address[:80]!r}{said}")
            return asked.value
        if asked is None:
            self.counts["released"] += 1
            return ""
        if number is None and (fader := _fader(asked)) is not None:
            if self._faders.pop(fader, None) is not None:
                self.counts["superseded"] += 1
            self._faders[fader] = asked
            return ""
        self.move_faders()
        return self._ask(asked)

    def move_faders(self) -> None:
        """Of all that a fader said in one turn only the last counts: a flood of levels costs the show a few."""
        while self._faders:
            self._ask(self._faders.pop(next(iter(self._faders))))

    def _ask(self, asked: ControlEvent) -> str:
        if self._emit(asked):
            self.counts["fired"] += 1
            return ""
        self.counts["refused_full"] += 1
        self._lines.tell(
            asked.source.removeprefix("osc:"), f"more commands than the show can take: {type(asked).__name__} was left out"
        )
        return "more commands than the show can take"

    def _answer(self, message: Message, number: int | None, why: str, peer: Peer) -> None:
        """Who counts his messages is told what came of each."""
        if number is None:
            return
        address = plain(message.address)
        self._send(encode("/showctl/refused", address, number, why) if why else encode("/showctl/heard", address, number), peer)

    def _other(self, message: Message, sender: Sender, peer: Peer, now: float) -> None:
        """A message in another dialect: of an Eos, of a wearable, or of nobody."""
        worn = sender.worn is not None and not sender.commands(peer[1])
        if self._routes.eos is not None and not worn and message.address.startswith("/eos/"):
            self.move_faders()
            self._routes.eos(message, sender.name)
            return
        bound = None if worn or self._routes.bound is None else self._routes.bound(message, sender.name, now)
        if bound is not None:
            self._bound(bound, message, sender)
            return
        source = joined(*peer)
        if self._routes.motion is not None and self._routes.motion(message, source, now):
            self.counts["motion"] += 1
            return
        if not self._unnamed(message, source, now):
            self.counts[_counter(Refusal.ADDRESS)] += 1
            self._lines.tell(sender.host, f"{Refusal.ADDRESS.value}: {message.address[:80]!r}")

    def _bound(self, bound: Asked, message: Message, sender: Sender) -> None:
        """What a show binds to an address: at once as if it were one of ours, or with the next beat."""
        if bound.on == "now" or self._routes.later is None or bound.event is None or isinstance(bound.event, Refusal):
            self._do(bound.event, message, None, sender)
        else:
            self.move_faders()
            self.counts["fired" if self._routes.later(bound.event, bound.on, bound.words) else "refused_full"] += 1

    def _unnamed(self, message: Message, source: str, now: float) -> bool:
        """A message of somebody who may send, of no dialect that we act upon: a wearable that nobody named is listed."""
        known = self.senders.in_quarantine(source)
        like = self.looks.wearable(message) if not known and self.senders.may_look(now) else ""
        if not known and not like:
            return False
        stranger = self.senders.stranger(source, now)
        if stranger is not None and like:
            stranger.like = f"looks like {like}, and is not among the wearables of the venue file"
        return True


def _fader(asked: ControlEvent) -> Fader | None:
    """The fader that a control moves; None where each of them counts."""
    match asked:
        case SetMaster():
            return "master", asked.submaster or ""
        case SetRate():
            return "rate", asked.list
        case SetHouse():
            return "house", ""
        case TrackVolume() | TrackRate():
            return type(asked).__name__, ""
    return None


@lru_cache(maxsize=len(Refusal))
def _counter(refusal: Refusal) -> str:
    return "dropped_" + refusal.value.replace(" ", "_")
