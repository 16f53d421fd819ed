"""Answers by OSC: who asks is told, who subscribes is told what is new until the lease ends. No I/O here: packets are returned.

    /showctl/get/PATH    answered once, with /showctl/PATH; a path with others below it is answered with all of them
    /showctl/get         with everything
    /showctl/subscribe [PATH] [HZ] [PORT]    everything at once, and then what changes, at most HZ times a second, for LEASE_S;
                         said again (every few seconds) it goes on, and all is told anew: a packet that was lost is made good
    /showctl/unsubscribe [PATH]

The paths are those of `wire.osc_answers`, and what `more` adds. Answers go to the port that the question came from, or to PORT
of the same address where one is stated: never to another address, so that nobody can point us at somebody else. What cannot be
answered is told as /showctl/refused ADDRESS WHY.

Everything is bounded: subscribers, paths, packets at a time, and what one address is told in a second. Who may ask is decided
where packets come in: those who may command.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from showctl.plan import Plan
from showctl.remote.board import Board
from showctl.wire.osc import Message, Value, encode
from showctl.wire.osc_answers import Standing, Values, covers, cue_names, message, plain, told
from showctl.wire.osc_senders import Bucket

Peer: TypeAlias = tuple[str, int]
Packets: TypeAlias = list[tuple[bytes, Peer]]

LEASE_S = 10.0
MOST_SUBSCRIBERS, MOST_OF_ONE, MOST_PATHS = 32, 8, 16  # in all; ports of one address; paths of each
USUAL_HZ, FASTEST_HZ = 10.0, 50.0
LOWEST_PORT = 1024
TICK_S = 1 / FASTEST_HZ
AT_ONCE = 64  # packets to one subscriber, and answers to all who ask, in one tick; the rest in the next
ANEW_S = 1.0  # that a subscriber waits before all is told anew
ANSWERS_HZ, ANSWERS_BURST = 500.0, 500.0  # packets a second to one address that asks
MOST_WAITING = 2000  # packets that wait for the next tick, to all
FRESH_S = 0.01  # that what was found out is good for
MOST_ASKING = 64  # addresses that are remembered
WAITING = 64  # events that wait for one subscriber, the latest
LONGEST_PATH = 200
FEEDBACK = "feedback"  # what performers are told; there is nothing of it to be asked for, it happens


@dataclass(slots=True, eq=False)
class Subscriber:
    """Somebody who is told what is new."""

    peer: Peer
    rate: float  # Hz
    paths: dict[str, float] = field(default_factory=dict)  # -> until when, s
    told: dict[str, Values] = field(default_factory=dict)
    events: deque[bytes] = field(default_factory=lambda: deque(maxlen=WAITING))
    due: float = 0.0  # s
    anew: float = -math.inf  # s, when everything was told last


class _WrongError(Exception):
    """A question that cannot be answered, and why; never leaves this module."""


class OscReplies:
    """All who ask and subscribe."""

    def __init__(self, board: Board, now: Callable[[], float], more: Callable[[], Mapping[str, Values]] = dict) -> None:
        """`more` are further paths and values, of parts that the board does not know: `armed/ANNA`."""
        self._board, self._now, self._more = board, now, more
        self._subscribers: OrderedDict[Peer, Subscriber] = OrderedDict()
        self._asking: OrderedDict[str, Bucket] = OrderedDict()
        self._at_once = Bucket(AT_ONCE / TICK_S, AT_ONCE, -math.inf)
        self._waiting: deque[tuple[bytes, Peer]] = deque(maxlen=MOST_WAITING)
        self._found: tuple[float, dict[str, Values]] = -math.inf, {}
        self._wanted = asyncio.Event()
        self._names: tuple[Plan, dict[tuple[str, str], str]] | None = None
        self.counts = dict.fromkeys(("answered", "unanswered"), 0)

    @property
    def subscribers(self) -> int:
        """How many are told."""
        return len(self._subscribers)

    def take(self, asked: Message, peer: Peer, now: float) -> Packets | None:
        """What is to be sent for a message of `peer`; None where it asks for nothing."""
        may = self._bucket(peer[0], now)
        try:
            match asked.address.split("/", 3)[1:]:
                case ["showctl", "get", *path]:
                    packets = self._get("/".join(path), peer, now, may)
                case ["showctl", "subscribe"]:
                    packets = self._subscribe(asked.arguments, peer, now)
                case ["showctl", "unsubscribe"]:
                    packets = self._unsubscribe(asked.arguments, peer)
                case _:
                    return None
        except _WrongError as error:
            packets = [(refused(asked.address, str(error)), peer)] if may.take(now) else []
        self.counts["answered"] += len(packets)
        return self._first(packets, now)

    def due(self, now: float) -> Packets:
        """What subscribers are to be told now."""
        packets, values = Packets(), dict[str, Values]()
        while self._waiting and len(packets) < AT_ONCE:
            packets.append(self._waiting.popleft())
        for one in list(self._subscribers.values()):
            one.paths = {path: until for path, until in one.paths.items() if until > now}
            if not one.paths:
                del self._subscribers[one.peer]
                continue
            packets += [(packet, one.peer) for packet in one.events]
            one.events.clear()
            if now >= one.due:
                values = values or self.values(now)
                one.due = now + 1 / one.rate
                packets += self._new(one, values, self._bucket(one.peer[0], now), now)
        return packets

    def event(self, path: str, *values: Value) -> None:
        """Something happened that is told once, to all who subscribed to its path: `feedback`, with what it says."""
        packet = message(path, values)
        for one in self._subscribers.values():
            if packet is not None and any(covers(asked, path) for asked in one.paths):
                one.events.append(packet)

    async def run(self, send: Callable[[bytes, Peer], object]) -> None:
        """Tell subscribers what is new, until cancelled; costs nothing as long as there are none."""
        while True:
            await self._wanted.wait()
            for packet, peer in self.due(self._now()):
                send(packet, peer)
            if not self._subscribers and not self._waiting:
                self._wanted.clear()
            await asyncio.sleep(TICK_S)

    # --- what is asked ---------------------------------------------------------------------------------------------

    def _get(self, path: str, peer: Peer, now: float, may: Bucket) -> Packets:
        asked = [(name, values) for name, values in self.values(now).items() if covers(path, name)]
        if not asked:
            raise _WrongError("there is nothing of this name")
        afforded = [one for one in asked if may.take(now)]
        self.counts["unanswered"] += len(asked) - len(afforded)
        return [(packet, peer) for name, values in afforded for packet in _packet(name, values)]

    def _subscribe(self, arguments: Values, peer: Peer, now: float) -> Packets:
        path, rate, port = _terms(arguments)
        to = (peer[0], port or peer[1])
        one = self._subscribers.get(to)
        if one is None:
            if len(self._subscribers) >= MOST_SUBSCRIBERS:
                raise _WrongError(f"{MOST_SUBSCRIBERS} are told already")
            if sum(host == peer[0] for host, _ in self._subscribers) >= MOST_OF_ONE:
                raise _WrongError(f"{MOST_OF_ONE} ports of this address are told already")
            one = Subscriber(to, rate)
        if path not in one.paths and len(one.paths) >= MOST_PATHS:
            raise _WrongError(f"at most {MOST_PATHS} paths")
        if path and not any(covers(path, name) for name in (*self.values(now), FEEDBACK)):
            raise _WrongError("there is nothing of this name")
        self._subscribers[to] = one
        self._wanted.set()
        if path not in one.paths or now - one.anew >= ANEW_S:
            one.anew = one.due = now
            one.told = {name: values for name, values in one.told.items() if not covers(path, name)}
        one.paths[path], one.rate = now + LEASE_S, rate
        return []

    def _unsubscribe(self, arguments: Values, peer: Peer) -> Packets:
        path, _, port = _terms(arguments)
        if (one := self._subscribers.get((peer[0], port or peer[1]))) is not None:
            one.paths = {below: until for below, until in one.paths.items() if not covers(path, below)}
            if not one.paths:
                del self._subscribers[one.peer]
        return []

    def _bucket(self, host: str, now: float) -> Bucket:
        """What one address may be told: a forged one must not be flooded by us."""
        bucket = self._asking.get(host)
        if bucket is None:
            if len(self._asking) >= MOST_ASKING:
                self._asking.popitem(last=False)
            bucket = self._asking[host] = Bucket(ANSWERS_HZ, ANSWERS_BURST, now)
        self._asking.move_to_end(host)
        return bucket

    def _first(self, packets: Packets, now: float) -> Packets:
        """What of these leaves now; the rest follows tick by tick, so that a question never keeps the show from its frame."""
        for n in range(len(packets)):
            if not self._waiting and self._at_once.take(now):
                continue
            self._waiting.extend(packets[n:])
            self._wanted.set()
            return packets[:n]
        return packets

    # --- what is told ----------------------------------------------------------------------------------------------

    def _new(self, one: Subscriber, values: Mapping[str, Values], may: Bucket, now: float) -> Packets:
        packets = Packets()
        for path, news in values.items():
            if one.told.get(path) == news or not any(covers(asked, path) for asked in one.paths):
                continue
            if len(packets) >= AT_ONCE or not may.take(now):
                one.due = 0.0
                break
            one.told[path] = news
            packets += [(packet, one.peer) for packet in _packet(path, news)]
        if len(one.told) > len(values):  # of another show
            one.told = {path: said for path, said in one.told.items() if path in values}
        return packets

    def values(self, now: float) -> dict[str, Values]:
        """All that can be asked for, and what is told; found out anew when it is older than FRESH_S."""
        found, values = self._found
        if now - found < FRESH_S:
            return values
        board = self._board
        if self._names is None or self._names[0] is not board.plan:
            self._names = (board.plan, cue_names(board.plan))
        standing = Standing(now, board.playback, board.tracks, board.plan.show, board.overall().value, self._names[1])
        self._found = now, told(standing) | dict(self._more())
        return self._found[1]


def refused(address: str, why: str) -> bytes:
    """What is told to somebody whose message came to nothing."""
    return encode("/showctl/refused", plain(address), plain(why))


def _packet(path: str, values: Values) -> list[bytes]:
    packet = message(path, values)
    return [] if packet is None else [packet]


def _terms(arguments: Values) -> tuple[str, float, int | None]:
    """Path, rate in Hz and port of a subscription. Raises _WrongError."""
    path = ""
    if arguments and isinstance(arguments[0], str):
        path, arguments = arguments[0].strip("/").removeprefix("showctl/"), arguments[1:]
    if len(path) > LONGEST_PATH:
        raise _WrongError(f"a path has at most {LONGEST_PATH} characters")
    rate = arguments[0] if arguments else USUAL_HZ
    port = arguments[1] if len(arguments) > 1 else None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= FASTEST_HZ:
        raise _WrongError(f"the rate is a number up to {FASTEST_HZ:g} a second")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not LOWEST_PORT <= port <= 65535):
        raise _WrongError(f"the port is a whole number, {LOWEST_PORT} to 65535")
    return path, max(float(rate), 0.1), port
