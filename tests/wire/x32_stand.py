"""A console and the dialogue with it, in time that the test makes."""

from __future__ import annotations

from collections.abc import Callable

from showctl.model import EqBand
from showctl.wire import x32
from showctl.wire.osc import decode
from showctl.wire.x32 import Limits, equaliser
from showctl.wire.x32_dialogue import Dialogue
from tests.fakes.x32 import FakeConsole, Peer

WIDE = Limits(gain=(-15.0, 15.0), q=(0.3, 10.0))
VENUE = Limits(gain=(-6.0, 1.0), q=(0.7, 4.0), freq=(40.0, 16_000.0))
US, DESK = ("10.0.0.2", 40_000), ("10.0.0.3", 40_001)
CUT = EqBand("peaking", 250.0, -6.0, 2.0)


class Stand:
    """A console and us, in steps of 10 ms; a packet takes one step each way."""

    def __init__(self, *names: str, model: x32.Console = "x32", limits: Limits = WIDE, **fake: bool) -> None:
        self.fake = FakeConsole(model, **fake)
        self.us = Dialogue(model, [equaliser(model, name) for name in names or ("main",)], limits)
        self.now = 100.0
        self.sent: list[tuple[float, bytes]] = []
        self.off = False
        self.loses: Callable[[bytes], bool] = lambda _: False

    def step(self) -> None:
        self.now += 0.01
        out = self.us.due(self.now)
        self.sent += [(self.now, data) for data in out]
        answers: list[tuple[Peer, bytes]] = []
        for data in out:
            if not self.off and not self.loses(data):
                answers += self.fake.packet(data, US, self.now)
        self.hear(answers)

    def hear(self, packets: list[tuple[Peer, bytes]]) -> None:
        for peer, data in packets:
            if peer == US and not self.off and not self.loses(data):
                self.us.received(data, self.now)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            self.step()

    def hand(self, address: str, value: float) -> None:
        self.hear(self.fake.hand(address, value, self.now))

    def writes(self, first: int = 0) -> list[tuple[str, float]]:
        """Address and value of all that was set, from one packet on."""
        messages = [decode(data)[0] for _, data in self.sent[first:]]
        return [(m.address, float(m.arguments[0])) for m in messages if m.arguments]  # type: ignore[arg-type]


def on(stand: Stand) -> Stand:
    """A desk as it leaves the factory, about: switched on, flat, and read."""
    for address in stand.fake.values:
        key = address.rpartition("/")[2]
        stand.fake.hand(address, {"on": 1, "mode": 0, "type": 2, "g": 0.5, "f": 0.5}.get(key, 33 / 71), 0.0)
    stand.run(1.0)
    return stand


def raw(stand: Stand, band: int, prefix: str = "/main/st/eq") -> tuple[float, ...]:
    return tuple(stand.fake.value(f"{prefix}/{band + 1}/{key}") for key in ("type", "f", "g", "q"))
