"""The file that the output and the daemon share: who they are, what is patched, and the newest looks.

`frames` lies in the runtime directory, has a fixed size, and is mapped by both sides; either may die at any moment and the
other goes on with what is written here. Each part has one writer: the daemon writes patch and looks, the output writes grid,
sequence numbers and counters, each its own heartbeat. Times are CLOCK_MONOTONIC ns.

Looks lie in three slots that the daemon fills in turn. A slot carries its number before and after its values, so that a
reader sees a look that was overwritten under its hands (a torn read) and takes the next; it also carries the universes it is
for, so that a look always fits some patch. The patch is guarded by a number before and after in the same way. The file of an
earlier boot of the machine, or of another layout, is never trusted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showctl.model import DeviceError
from showctl.plan import Universe
from showctl.wire.e131 import SLOTS, name_field
from showctl.wire.e131_stream import PERIOD

MAGIC, VERSION = b"showctl!", 1
CAPACITY = 512  # universes
UNICASTS = 16  # addresses a universe
TIMES = 1024  # frames whose time of sending is remembered
SAFE = 3  # the slot after the three: the look of last resort
NAME, FRAMES, OUTPUT_LOCK, DAEMON_LOCK, SOCKET, LOG = "frames", 3, "output.lock", "daemon.lock", "output.sock", "output.log"
FRESH_NS = 1_000_000_000  # a heartbeat older than this is of one that hangs or is gone
LOOK_CAME, EARLY, HOLD, TERMINATE = "look", "early", "hold", "terminate"  # what a datagram says; the last two also on_stop

LOOK = np.dtype(
    [
        ("before", "<u8"),
        ("after", "<u8"),
        ("deadline", "<i8"),
        ("count", "<u4"),
        ("numbers", "<u2", CAPACITY),
        ("slots", "u1", (CAPACITY, SLOTS)),
    ],
    align=True,
)
PATCH = np.dtype(
    [
        ("before", "<u8"),
        ("after", "<u8"),
        ("cid", "u1", 16),
        ("source_name", "u1", 64),
        ("interface", "S32"),
        ("ttl", "u1"),
        ("preview", "u1"),
        ("terminate", "u1"),  # what SIGTERM to the output does
        ("orphan", "<i8"),  # ns without a daemon until the safe look, 0: never
        ("count", "<u4"),
        ("numbers", "<u2", CAPACITY),
        ("sync", "<u2", CAPACITY),
        ("priority", "u1", CAPACITY),
        ("multicast", "u1", CAPACITY),
        ("unicasts", "u1", CAPACITY),
        ("unicast", "u1", (CAPACITY, UNICASTS, 4)),
    ],
    align=True,
)
FILE = np.dtype(
    [
        ("magic", "S8"),
        ("version", "<u4"),
        ("boot", "S36"),
        ("epoch", "<u8"),  # goes up with each daemon that takes over
        ("daemon_pid", "<i8"),
        ("daemon_beat", "<i8"),
        ("output_pid", "<i8"),
        ("output_beat", "<i8"),
        ("grid", "<i8"),  # any deadline of the grid
        ("period", "<i8"),  # from one to the next
        ("newest", "<u8"),  # number of the look to send, 0: none
        ("taken", "<u8"),  # number of the look that the output took last
        ("patch", PATCH),
        ("looks", LOOK, 4),
        ("sequence", "u1", 65536),  # by universe: the last one used
        ("sync_sequence", "u1", 65536),
        ("starts", "<u8"),  # of an output, on this file
        ("packets", "<u8"),
        ("frames", "<u8"),  # of which at least one packet left
        ("late", "<u8"),  # deadlines left out because the output was woken too late
        ("sent_at", "<i8", TIMES),  # when frame n left, at n % TIMES
        ("errors", "<u8", 256),  # by errno
        ("error_at", "<i8"),
        ("error_number", "<i8"),
        ("error_to", "S16"),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True)
class Patch:
    """What the output is to send as, and where to."""

    cid: bytes
    source_name: str
    universes: tuple[Universe, ...]
    interface: str = ""  # name or address of the interface that multicast leaves by; empty: the route decides
    ttl: int = 8
    preview: bool = False
    on_stop: str = HOLD
    orphan: float = 0.0  # s, 0: never


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look as read: universe numbers (U,) and slots (U, 512)."""

    number: int
    numbers: NDArray[np.uint16]
    slots: NDArray[np.uint8]


class Frames:
    """The mapped file. `self.file` has its fields as numpy views; the methods are for what must be read or written whole."""

    def __init__(self, path: Path) -> None:
        self.file = np.memmap(path, FILE, "r+", shape=(1,))[0]
        self._looks, self._patch = self.file["looks"], self.file["patch"]

    # --- patch -----------------------------------------------------------------------------------------------------

    def write_patch(self, patch: Patch) -> None:
        """Raises ValueError for what does not fit the file."""
        check_patch(patch)
        to, count = self._patch, len(patch.universes)
        number = int(max(to["before"], to["after"])) + 1
        to["before"] = number
        to["cid"] = np.frombuffer(patch.cid, np.uint8)
        to["source_name"] = np.frombuffer(name_field(patch.source_name), np.uint8)
        to["interface"], to["ttl"], to["preview"] = patch.interface.encode(), patch.ttl, patch.preview
        to["terminate"], to["orphan"], to["count"] = patch.on_stop == TERMINATE, int(patch.orphan * 1e9), count
        for i, universe in enumerate(patch.universes):
            to["numbers"][i], to["sync"][i], to["priority"][i] = universe.number, universe.sync, universe.priority
            to["multicast"][i], to["unicasts"][i] = universe.multicast, len(universe.unicast)
            for j, address in enumerate(universe.unicast):
                to["unicast"][i, j] = np.frombuffer(socket.inet_aton(address), np.uint8)
        to["after"] = number

    @property
    def patch_number(self) -> int:
        """Goes up with every patch; 0 before the first."""
        return int(self._patch["after"])

    def read_patch(self) -> Patch | None:
        """None if there is none, or if it was written meanwhile: ask again later."""
        number, have = self.patch_number, self._patch.copy()
        if not number or have["before"] != number or self._patch["before"] != number:
            return None
        universes = tuple(
            Universe(
                int(have["numbers"][i]),
                bool(have["multicast"][i]),
                tuple(socket.inet_ntoa(have["unicast"][i, j].tobytes()) for j in range(have["unicasts"][i])),
                int(have["priority"][i]),
                int(have["sync"][i]),
            )
            for i in range(have["count"])
        )
        name = have["source_name"].tobytes().rstrip(b"\0").decode()
        on_stop = TERMINATE if have["terminate"] else HOLD
        interface, orphan = bytes(have["interface"]).decode(), have["orphan"] / 1e9
        return Patch(
            have["cid"].tobytes(), name, universes, interface, int(have["ttl"]), bool(have["preview"]), on_stop, float(orphan)
        )

    # --- looks -----------------------------------------------------------------------------------------------------

    def write_look(self, numbers: NDArray[np.uint16], slots: NDArray[np.uint8], deadline: int) -> int:
        """A look for the universes `numbers` (U,), slots (U, 512), becomes the newest one. Returns its number."""
        number = int(self.file["newest"]) + 1
        self._fill(number % FRAMES, number, numbers, slots, deadline)
        self.file["newest"] = number
        return number

    def write_safe(self, numbers: NDArray[np.uint16], slots: NDArray[np.uint8]) -> None:
        """The look that an output without a daemon sends after `orphan`."""
        self._fill(SAFE, int(self._looks[SAFE]["after"]) + 1, numbers, slots, 0)

    def _fill(self, slot: int, number: int, numbers: NDArray[np.uint16], slots: NDArray[np.uint8], deadline: int) -> None:
        to, count = self._looks[slot], len(numbers)
        to["before"] = number
        to["deadline"], to["count"] = deadline, count
        to["numbers"][:count], to["slots"][:count] = numbers, slots
        to["after"] = number

    def read_look(self, slot: int | None = None) -> Look | None:
        """The newest look (or that of a slot); None if there is none. One overwritten while it was read is read again."""
        for _ in range(4):
            number = int(self.file["newest"]) if slot is None else int(self._looks[slot]["after"])
            if not number:
                return None
            have = self._looks[number % FRAMES if slot is None else slot]
            before, after, count = int(have["before"]), int(have["after"]), min(int(have["count"]), CAPACITY)
            look = Look(number, have["numbers"][:count].copy(), have["slots"][:count].copy())
            if before == after == number == have["before"]:
                return look
        return None


def check_patch(patch: Patch) -> None:
    """Raise ValueError, in words, for what the output cannot take."""
    if len(patch.universes) > CAPACITY:
        raise ValueError(f"{len(patch.universes)} universes: the output takes at most {CAPACITY}")
    if len({universe.number for universe in patch.universes}) < len(patch.universes):
        raise ValueError("a universe is patched twice")
    if patch.on_stop not in (HOLD, TERMINATE):
        raise ValueError(f"on_stop {patch.on_stop!r}: must be {HOLD} or {TERMINATE}")
    if len(patch.interface.encode()) > 32:
        raise ValueError(f"{patch.interface!r} is not the name of a network interface")
    for universe in patch.universes:
        if len(universe.unicast) > UNICASTS:
            raise ValueError(
                f"universe {universe.number} has {len(universe.unicast)} addresses: at most {UNICASTS}, or use multicast"
            )
        for address in universe.unicast:
            try:
                socket.inet_pton(socket.AF_INET, address)
            except OSError:
                raise ValueError(f"universe {universe.number}: {address!r} is not an IPv4 address") from None


def as_universes(look: Look | None, universes: Sequence[Universe]) -> NDArray[np.uint8] | None:
    """The slots (U, 512) of a look in the order of these universes; those it lacks are dark. None if it has none of them."""
    where = {} if look is None else {int(number): i for i, number in enumerate(look.numbers)}
    slots = np.zeros((len(universes), SLOTS), np.uint8)
    found = [(i, where[u.number]) for i, u in enumerate(universes) if u.number in where]
    for here, there in found:
        assert look is not None
        slots[here] = look.slots[there]
    return slots if found else None


# --- files -----------------------------------------------------------------------------------------------------------


def open_frames(runtime: Path) -> Frames:
    """The shared file of a runtime directory, made anew where there is none of this boot and layout.

    An output of another layout goes on with its own file, unseen; the client ends it as one that hangs.
    Raises DeviceError if there is no making one.
    """
    path = runtime / NAME
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(3):
        if path.exists():
            stale = _stale(path)
            if not stale:
                return Frames(path)
            path.unlink(missing_ok=True)
        _make(path)
    raise DeviceError(f"{path} cannot be made: another program makes and removes it")


def boot() -> bytes:
    """Which boot of the machine this is: monotonic times of another one mean nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()


def _stale(path: Path) -> bool:
    if path.stat().st_size != FILE.itemsize:
        return True
    have = np.memmap(path, FILE, "r", shape=(1,))[0]
    return bool(have["magic"] != MAGIC or have["version"] != VERSION or have["boot"] != boot())


def _make(path: Path) -> None:
    """Put a new file in place, whole, unless somebody else was faster."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".frames-") as file:
        file.truncate(FILE.itemsize)
        new = Frames(Path(file.name)).file
        new["magic"], new["version"], new["boot"] = MAGIC, VERSION, boot()
        new["grid"], new["period"] = time.monotonic_ns(), PERIOD
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def persistent_cid(state: Path) -> bytes:
    """The identity of this source: 16 bytes, made once and the same ever after (5.6)."""
    path = state / "cid"
    try:
        return uuid.UUID(path.read_text().strip()).bytes
    except FileNotFoundError:
        pass
    except ValueError:
        path.unlink()
    state.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=state, prefix=".cid-") as file:
        file.write(f"{uuid.uuid4()}\n")
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another daemon of the same state was faster: its identity is ours
            os.link(file.name, path)
    return uuid.UUID(path.read_text().strip()).bytes
