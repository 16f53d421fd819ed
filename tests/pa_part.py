"""What tests of the PA in the daemon share: a venue with two microphones and an X32, and the part of the daemon it becomes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from showctl import pa
from showctl.model import EqBand, EqState, Health
from showctl.plan import PaMicrophone, PaPlan, PaZone

PLAN = PaPlan(
    mode="advise",
    programme=(1,),
    zones=(PaZone("main", (1, 2), "main", 6, "x32"),),
    microphones=(PaMicrophone("left", 2), PaMicrophone("right", 3, sensitivity=-30.0)),
    console="x32",
    host="127.0.0.1",
    port=10023,
    target="flat",
)


def deciding(*writes: tuple[int, EqBand], switch: Any = "") -> EqState:
    """What a policy has decided: these bands, by their place from 0."""
    return EqState(0.0, "auto", (), (), writes, switch=switch)


def made(
    folder: Path, plan: PaPlan, told: list[Health] | None = None, now: Callable[[], float] = time.monotonic, boot: str = ""
) -> pa.Pa:
    """The part; what it keeps lies in `folder`. `told` gets its health."""
    return pa.Pa(
        plan,
        now=now,
        offset=0.0,
        runtime=folder,
        kept=folder / "kept.json",
        boot=boot,
        on_health=lambda one: None if told is None else told.append(one),
        on_told=lambda _: None,
    )
