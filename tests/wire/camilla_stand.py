"""CamillaDSP and the dialogue with it, in time that the test makes."""

from __future__ import annotations

from typing import Any

from showctl.wire.camilla_dialogue import Dialogue
from showctl.wire.x32 import Limits
from tests.fakes.camilla import FakeCamilla

WIDE = Limits(gain=(-15.0, 15.0), q=(0.3, 10.0))
FREQS = (80.0, 250.0, 630.0, 1600.0, 4000.0, 9000.0)


def config(names: tuple[str, ...] = ("main",), freqs: tuple[float, ...] = FREQS) -> dict[str, Any]:
    """A configuration with flat equalisers, and a crossover of somebody else's."""
    filters: dict[str, Any] = {"hp": {"type": "Biquad", "parameters": {"type": "Highpass", "freq": 35.0, "q": 0.7}}}
    pipeline: list[dict[str, Any]] = [{"type": "Filter", "channels": [0, 1], "names": ["hp"]}]
    for name in names:
        bands = {f"{name}{i}": {"type": "Peaking", "freq": freq, "gain": 0.0, "q": 1.0} for i, freq in enumerate(freqs, 1)}
        filters |= {word: {"type": "Biquad", "parameters": band} for word, band in bands.items()}
        pipeline.append({"type": "Filter", "channels": [0, 1], "names": list(bands)})
    return {"devices": {"samplerate": 48_000, "chunksize": 1024}, "filters": filters, "pipeline": pipeline}


class Stand:
    """CamillaDSP and us, in steps of 10 ms; an answer takes one step. A change is made in the step after its answer."""

    def __init__(self, *names: str, limits: Limits = WIDE, fake: FakeCamilla | None = None) -> None:
        self.fake = fake or FakeCamilla(config(names or ("main",)))
        self.us = Dialogue(names or ("main",), limits)
        self.now = 100.0
        self.off = False
        self.steps: list[tuple[float, str, dict[str, float], dict[str, float]]] = []  # s, filter, before and after
        self.us.connected(self.now)

    def step(self) -> None:
        self.now += 0.01
        out = self.us.due(self.now)
        while out and not self.off:
            before = {name: dict(one["parameters"]) for name, one in self._filters().items()}
            answers = [self.fake.command(text) for text in out]
            self.fake.settle()
            after = self._filters()
            self.steps += [
                (self.now, name, was, after[name]["parameters"])
                for name, was in before.items()
                if name in after and was != after[name]["parameters"]
            ]
            out = [more for text in answers for more in self.us.received(text, self.now)]

    def _filters(self) -> dict[str, Any]:
        return (self.fake.active or {}).get("filters") or {}

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            self.step()
