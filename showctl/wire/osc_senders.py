"""Who may send OSC, and how much of it is read: a token bucket for each sender, and a list of those who are not known. PURE.

A sender is an IP address: ports are free to choose, so a sender cannot get a second bucket by another port. Each has RATE
messages a second (the venue may say another figure), and BURST_S of that at once; what is above is cut off before it is read,
and counted. All together have TOGETHER; beyond that every sender whose place is taken already still has a message each APART_S,
so that nobody's flood takes the STOP out of another's hand.

Addresses can be forged. So places are few: whoever comes when all are taken shares one bucket with all others of that kind,
and strangers are judged MEETINGS a second at most. The name of who was heard before stays for SILENT_S.

Who is not allowed is in quarantine: counted, listed with what the first packets look like, and not acted upon. So is a wearable
that the venue does not name, although its network is allowed. A wearable that is named may send motion without being allowed to
command; and where a network is allowed as a whole, a named wearable in it still may not command: what a performer wears acts
through the gate of gestures (armed, clutch), not beside it. Where the venue allows its very address, it may.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Literal, TypeAlias

from showctl.wire.places import plain_ip, split

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

RATE, BURST_S = 500.0, 0.5  # messages a second of one sender; what comes at once
TOGETHER = 50_000.0  # messages a second of all
APART_S = 0.02  # beyond that
MOST_SENDERS, SILENT_S = 256, 60.0
MEETINGS = 1000.0  # hosts a second that are looked up
MOST_STRANGERS, TOLD_S = 32, 600.0  # in quarantine; how long after the last packet they are told
LOOKS, LOOKS_HZ = 8, 20.0  # packets of one stranger that are looked at; of all, a second
LATELY_S = 10.0  # who was cut off within this is told

State: TypeAlias = Literal["allowed", "cut off", "quarantine"]


class Verdict(Enum):
    """Why a packet is not read."""

    CUT_OFF = "more than may be sent"
    STRANGER = "not allowed"


class Bucket:
    """Tokens that come at `rate` a second, up to `burst`."""

    __slots__ = ("_at", "burst", "rate", "tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.tokens, self._at = rate, burst, burst, now

    def take(self, now: float) -> bool:
        """One token at `now` (s), if there is one."""
        tokens = self.tokens + (now - self._at) * self.rate
        self._at = now
        if tokens > self.burst:
            tokens = self.burst
        if tokens < 1.0:
            self.tokens = tokens
            return False
        self.tokens = tokens - 1.0
        return True


@dataclass(slots=True, eq=False)
class Sender:
    """An address that may send. `worn` are the ports of wearables there: None none, empty all."""

    host: str
    name: str  # as events carry it
    allowed: bool  # by a network of the venue file
    express: bool  # by its very address
    worn: frozenset[int] | None
    bucket: Bucket
    first: float  # s
    last: float = 0.0  # s, when it was heard last
    passed: float = -1e9  # s, when something of it was read last
    packets: int = 0
    cut_off: int = 0
    cut: float = -1e9  # s, when it was cut off last

    def is_worn(self, port: int) -> bool:
        """Does a wearable send from this port?"""
        return self.worn is not None and (not self.worn or port in self.worn)

    def commands(self, port: int) -> bool:
        """May what comes from this port command the show?"""
        return self.allowed and (self.express or not self.is_worn(port))


@dataclass(slots=True, eq=False)
class Stranger:
    """Somebody in quarantine: an address that is not allowed, or the ip:port of a wearable that nobody named."""

    name: str
    first: float  # s
    last: float = 0.0
    packets: int = 0
    looks: int = 0  # packets that were looked at
    like: str = ""  # what they looked like, in words


@dataclass(frozen=True, slots=True)
class SenderView:
    """A sender as it is shown."""

    name: str
    state: State
    packets: int
    cut_off: int
    first: float  # s, show time
    last: float  # s
    like: str = ""


class Senders:
    """All who send to one port."""

    def __init__(
        self,
        networks: Sequence[str],
        *,
        local: bool = False,
        wearables: Iterable[str] = (),
        rate: float = RATE,
        together: float = TOGETHER,
        now: float = 0.0,
    ) -> None:
        """`networks` are addresses and networks ("10.0.0.0/24"); with `local` this machine itself is allowed. `wearables` are
        the "ip" or "ip:port" of those that the venue names; one that is told by its own addresses is nothing to us. Raises
        ValueError for a bad network."""
        self._networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in networks]
        self.local, self.rate = local, rate
        self._worn = _ports(wearables)
        self._together = Bucket(together, together * BURST_S, now)
        self._crowd = Bucket(rate, rate * BURST_S, now)  # of all for whom there is no place
        self._meetings = Bucket(MEETINGS, MEETINGS, now)
        self._looks = Bucket(LOOKS_HZ, LOOKS_HZ, now)
        self._swept = -1e9  # s, when a place was looked for last
        self._known: dict[str, Sender] = {}
        self._strangers: OrderedDict[str, Stranger] = OrderedDict()
        self._judged = lru_cache(maxsize=1024)(self._judge)
        self.cut_off = self.refused = 0  # packets

    def admit(self, host: str, now: float) -> Sender | Verdict:
        """A packet from `host` at `now` (s): who it is, or why it is not to be read."""
        sender = self._known.get(host)
        if sender is None:
            return self._meet(host, now)
        sender.last = now
        sender.packets += 1
        if sender.bucket.take(now) and (self._together.take(now) or now - sender.passed >= APART_S):
            sender.passed = now
            return sender
        sender.cut_off += 1
        sender.cut = now
        self.cut_off += 1
        return Verdict.CUT_OFF

    def more(self, sender: Sender, messages: int) -> None:
        """A packet held this many messages: all but the first are counted here, those of a bundle in debt if need be."""
        sender.bucket.tokens -= max(0, messages - 1)

    def wear(self, wearables: Iterable[str]) -> None:
        """Other wearables are named from now on."""
        self._worn = _ports(wearables)
        for one in list(self._known.values()):
            one.worn = self._worn.get(plain_ip(one.host) or one.host)
            if not one.allowed and one.worn is None:
                del self._known[one.host]
        self._strangers.clear()

    def stranger(self, name: str, now: float) -> Stranger | None:
        """A packet of somebody in quarantine; -> him, where this packet is to be looked at to say what he is."""
        self.refused += 1
        one = self._strangers.get(name)
        if one is None:
            if len(self._strangers) >= MOST_STRANGERS:
                self._strangers.popitem(last=False)
            one = self._strangers[name] = Stranger(name, now)
        else:
            self._strangers.move_to_end(name)
        one.last = now
        one.packets += 1
        if one.looks >= LOOKS or not self._looks.take(now):
            return None
        one.looks += 1
        return one

    def in_quarantine(self, name: str) -> bool:
        """Is this one listed already?"""
        return name in self._strangers

    def may_look(self, now: float) -> bool:
        """Is there time to look at what somebody sends whom we let send?"""
        return self._looks.take(now)

    def views(self, now: float) -> tuple[SenderView, ...]:
        """Everybody who is remembered: in quarantine first, then those who were cut off, the latest of each first."""
        known = [_view(one, "cut off" if now - one.cut < LATELY_S else "allowed") for one in self._known.values()]
        known.sort(key=lambda view: (view.state != "cut off", -view.last))
        strange = [
            SenderView(one.name, "quarantine", one.packets, 0, one.first, one.last, one.like)
            for one in reversed(self._strangers.values())
            if now - one.last < TOLD_S
        ]
        return (*strange, *known)

    # --- who is met for the first time -----------------------------------------------------------------------------

    def _meet(self, host: str, now: float) -> Sender | Verdict:
        if host in self._strangers:
            return Verdict.STRANGER
        if not self._meetings.take(now):
            self.cut_off += 1
            return Verdict.CUT_OFF
        allowed, express = self._judged(host)
        worn = self._worn.get(plain_ip(host) or host)
        if not allowed and worn is None:
            return Verdict.STRANGER
        sender = Sender(host, f"osc:{host}", allowed, express, worn, Bucket(self.rate, self.rate * BURST_S, now), now)
        if len(self._known) < MOST_SENDERS or self._room(now):
            self._known[host] = sender
            return self.admit(host, now)
        if self._crowd.take(now) and self._together.take(now):
            sender.bucket = self._crowd
            return sender
        self.cut_off += 1
        return Verdict.CUT_OFF

    def _room(self, now: float) -> bool:
        """Make room: the sender that has been silent for longest, where that is long enough. Looked for once a second."""
        if now - self._swept < 1.0:
            return False
        self._swept = now
        oldest = min(self._known.values(), key=lambda one: one.last)
        if now - oldest.last < SILENT_S:
            return False
        del self._known[oldest.host]
        return True

    def _judge(self, host: str) -> tuple[bool, bool]:
        """Whether a sender is allowed, and whether by its very address."""
        address = ipaddress.ip_address(plain_ip(host) or host)
        of = [network for network in self._networks if address in network]
        return bool(of) or (self.local and address.is_loopback), any(one.num_addresses == 1 for one in of)


def _view(one: Sender, state: State) -> SenderView:
    return SenderView(one.host, state, one.packets, one.cut_off, one.first, one.last)


def _ports(wearables: Iterable[str]) -> dict[str, frozenset[int] | None]:
    """For each ip that a wearable has, the ports that it sends from; none where any will do."""
    found: dict[str, frozenset[int] | None] = {}
    for one in wearables:
        written, port = split(one)
        if (host := plain_ip(written)) is None:
            continue
        if port is None:
            found[host] = frozenset()
        elif found.get(host) != frozenset():
            found[host] = (found.get(host) or frozenset()) | {port}
    return found
