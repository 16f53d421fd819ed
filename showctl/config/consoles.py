"""What each type of console wants of a venue file: which keys, and what an equaliser of it may be called.

A type is a line of CONSOLES, a word of `plan.ConsoleType` and a case of `outputs.pa.console`; all the rest of a venue's `pa` is
the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from showctl.config import templates
from showctl.plan import ConsoleType
from showctl.wire import camilla, pipewire, x32

Named: TypeAlias = tuple[str, int]  # an equaliser as the plan has it, and its bands; 0 where only the console knows them


@dataclass(frozen=True, slots=True)
class OfType:
    """A type of console."""

    keys: tuple[str, ...]  # that stand beside `type`, each of them
    equaliser: Callable[[str], Named] | None  # what a zone's `console` means; ValueError in words. None: every zone has one
    device: str  # the profile that is fitted for
    port: int = 0  # where none is written
    like: tuple[str, ...] = ()  # names of equalisers, for who mistypes one


def _x32(kind: x32.Console, text: str) -> Named:
    one = x32.equaliser(kind, text)
    return one.name, one.bands


def _camilla(text: str) -> Named:
    return camilla.equaliser(text), 0


def _pipewire(text: str) -> Named:
    return pipewire.equaliser(text), 0


_DESK = ("main", "mono", "mtx/1", "bus/1", "ch/1")
CONSOLES: dict[ConsoleType, OfType] = {
    "x32": OfType(("address",), partial(_x32, "x32"), "x32", x32.PORT["x32"], _DESK),
    "xr18": OfType(("address",), partial(_x32, "xr18"), "xr18", x32.PORT["xr18"], _DESK),
    "camilladsp": OfType(("address",), _camilla, "camilladsp", camilla.PORT, ("main",)),
    "pipewire": OfType(("node",), _pipewire, "pipewire", like=("main",)),
    "template": OfType(("address", "template"), templates.equaliser, "template"),
    "internal": OfType((), None, "generic"),
}
