"""E1.31-2018 (streaming ACN, sACN): packets as values, values as bytes, and rows of bytes that are ready to leave.

Three packets exist: data (512 slots of one universe, table 4-1), synchronization (49 bytes that say "show what you were sent",
table 4-2) and universe discovery (which universes a source sends, table 4-3). Each begins with the ACN root layer; the length
of every layer is in 12 bits under the flags 0x7.

`DataRows` is what an output sends from: one row of 638 bytes a universe, laid out once; a frame changes only sequence, options
and slots. `e131_stream` says when to send. Slots count from 0 here; universes are 1..63999. Source: ANSI E1.31-2018.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model import WireError
from showctl.plan import Universe

PORT = 5568
DISCOVERY_UNIVERSE = 64214
DISCOVERY_EVERY_S = 10.0
PAGE = 512  # universes a discovery packet
SLOTS = 512
LAST_UNIVERSE = 63999
MAX_PRIORITY = 200
PREVIEW, TERMINATED, FORCE_SYNC = 0x80, 0x40, 0x20  # bits of the options

ACN_ID = b"\x00\x10\x00\x00ASC-E1.17\x00\x00\x00"  # preamble and postamble sizes, packet identifier
ROOT_DATA, ROOT_EXTENDED = 4, 8
FRAMING_SYNC, FRAMING_DISCOVERY, FRAMING_DATA = 1, 2, 2
SEQUENCE_AT, OPTIONS_AT, SLOTS_AT = 111, 112, 126
DATA_HEAD, SYNC_LENGTH, DISCOVERY_HEAD = 126, 49, 120
DATA_LENGTH = DATA_HEAD + SLOTS
NAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class DataPacket:
    """The slots of one universe."""

    cid: bytes  # 16 bytes, a UUID
    source_name: str
    universe: int  # 1..63999
    slots: bytes  # at most 512
    priority: int = 100  # 0..200
    sequence: int = 0  # 0..255
    sync: int = 0  # synchronization universe, 0 for none
    preview: bool = False  # not for live output
    terminated: bool = False  # the stream of this universe ends
    force_sync: bool = False
    start_code: int = 0  # 0: levels, 0xDD: priority per address


@dataclass(frozen=True, slots=True)
class SyncPacket:
    """What was sent for `sync` acts now."""

    cid: bytes
    sync: int  # 1..63999
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class DiscoveryPacket:
    """One page of the sorted list of universes that a source sends."""

    cid: bytes
    source_name: str
    universes: tuple[int, ...]
    page: int = 0
    last_page: int = 0


Packet: TypeAlias = DataPacket | SyncPacket | DiscoveryPacket


def multicast_address(universe: int) -> str:
    """239.255.high.low (9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 255}"


def name_field(name: str) -> bytes:
    """A source name as 64 bytes of UTF-8, cut at a whole character so that a null always ends it."""
    data = name.replace("\0", " ").encode("utf-8", "replace")[: NAME_BYTES - 1]
    return data.decode("utf-8", "ignore").encode().ljust(NAME_BYTES, b"\0")


# --- values -> bytes -------------------------------------------------------------------------------------------------


def encode(packet: Packet) -> bytes:
    """The bytes of a packet. Numbers out of their range raise ValueError: that is a fault of ours, not of a sender."""
    _check(packet)
    if isinstance(packet, DataPacket):
        return _data(packet)
    if isinstance(packet, SyncPacket):
        return _root(packet.cid, ROOT_EXTENDED, SYNC_LENGTH) + struct.pack(
            ">HIBHH", 0x7000 | (SYNC_LENGTH - 38), FRAMING_SYNC, packet.sequence, packet.sync, 0
        )
    length = DISCOVERY_HEAD + 2 * len(packet.universes)
    framing = struct.pack(">HI64sI", 0x7000 | (length - 38), FRAMING_DISCOVERY, name_field(packet.source_name), 0)
    listing = struct.pack(">HIBB", 0x7000 | (length - 112), 1, packet.page, packet.last_page)
    return (
        _root(packet.cid, ROOT_EXTENDED, length)
        + framing
        + listing
        + struct.pack(f">{len(packet.universes)}H", *packet.universes)
    )


def _root(cid: bytes, vector: int, length: int) -> bytes:
    return ACN_ID + struct.pack(">HI16s", 0x7000 | (length - 16), vector, cid)


def _data(packet: DataPacket) -> bytes:
    length = DATA_HEAD + len(packet.slots)
    options = PREVIEW * packet.preview | TERMINATED * packet.terminated | FORCE_SYNC * packet.force_sync
    framing = struct.pack(
        ">HI64sBHBBH",
        0x7000 | (length - 38),
        FRAMING_DATA,
        name_field(packet.source_name),
        packet.priority,
        packet.sync,
        packet.sequence,
        options,
        packet.universe,
    )
    # set property, relative 16-bit addresses of one byte each, from address 0 in steps of 1
    dmp = struct.pack(">HBBHHHB", 0x7000 | (length - 115), 2, 0xA1, 0, 1, len(packet.slots) + 1, packet.start_code)
    return _root(packet.cid, ROOT_DATA, length) + framing + dmp + packet.slots


def _check(packet: Packet) -> None:
    wrong = len(packet.cid) != 16
    if isinstance(packet, DataPacket):
        wrong |= not (1 <= packet.universe <= LAST_UNIVERSE and 0 <= packet.sync <= LAST_UNIVERSE)
        wrong |= not (0 <= packet.priority <= MAX_PRIORITY and len(packet.slots) <= SLOTS)
    elif isinstance(packet, SyncPacket):
        wrong |= not 1 <= packet.sync <= LAST_UNIVERSE
    else:
        wrong |= len(packet.universes) > PAGE or list(packet.universes) != sorted(packet.universes)
    if wrong:
        raise ValueError(f"not a packet that E1.31 allows: {packet!r}")


def discovery(cid: bytes, source_name: str, universes: Iterable[int]) -> list[bytes]:
    """The discovery packets for some universes: sorted, 512 a page. No universes, no packets."""
    every = sorted(set(universes))
    pages = [tuple(every[i : i + PAGE]) for i in range(0, len(every), PAGE)]
    return [encode(DiscoveryPacket(cid, source_name, page, i, len(pages) - 1)) for i, page in enumerate(pages)]


class DataRows:
    """The data packets of some universes, one row of 638 bytes each, ready to leave but for what a frame changes."""

    def __init__(self, cid: bytes, source_name: str, universes: Sequence[Universe], preview: bool = False) -> None:
        blank = bytes(SLOTS)
        heads = [
            encode(DataPacket(cid, source_name, u.number, blank, u.priority, sync=u.sync, preview=preview)) for u in universes
        ]
        self.bytes: NDArray[np.uint8] = np.frombuffer(b"".join(heads), np.uint8).reshape(-1, DATA_LENGTH).copy()
        self.slots = self.bytes[:, SLOTS_AT:]  # (U, 512), a view
        self.options = PREVIEW if preview else 0
        self.rows = [memoryview(row) for row in self.bytes]  # type: ignore[arg-type]  # what sendto takes

    def stamp(self, which: NDArray[np.intp], sequence: NDArray[np.uint8], terminated: bool = False) -> None:
        """Write sequence numbers and options into the rows `which`."""
        self.bytes[which, SEQUENCE_AT] = sequence
        self.bytes[which, OPTIONS_AT] = self.options | (TERMINATED if terminated else 0)


# --- bytes -> values -------------------------------------------------------------------------------------------------


def decode(data: bytes) -> Packet:
    """The packet that `data` is. Raises WireError for whatever E1.31 does not allow, and nothing else."""
    if len(data) < SYNC_LENGTH or data[:16] != ACN_ID:
        raise WireError("not an E1.31 packet")
    root, framing = struct.unpack_from(">I", data, 18)[0], struct.unpack_from(">I", data, 40)[0]
    _length(data, 16, "root")
    _length(data, 38, "framing")
    if root == ROOT_DATA and framing == FRAMING_DATA:
        return _decode_data(data)
    if root == ROOT_EXTENDED and framing == FRAMING_SYNC:
        return _decode_sync(data)
    if root == ROOT_EXTENDED and framing == FRAMING_DISCOVERY:
        return _decode_discovery(data)
    raise WireError(f"E1.31 knows no packet with the vectors {root} and {framing}")


def _length(data: bytes, at: int, layer: str) -> None:
    if struct.unpack_from(">H", data, at)[0] != 0x7000 | (len(data) - at) & 0xFFF:
        raise WireError(f"flags and length of the {layer} layer do not fit {len(data)} bytes")


def _name(field: bytes) -> str:
    text, null, _ = field.partition(b"\0")
    if not null:
        raise WireError("the source name has no null in its 64 bytes")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise WireError("the source name is not UTF-8") from None


def _universe(number: int, what: str = "universe") -> int:
    if not 1 <= number <= LAST_UNIVERSE:
        raise WireError(f"{what} {number}: must be 1..{LAST_UNIVERSE}")
    return number


def _decode_data(data: bytes) -> DataPacket:
    if not DATA_HEAD <= len(data) <= DATA_LENGTH:
        raise WireError(f"a data packet of {len(data)} bytes: must be {DATA_HEAD}..{DATA_LENGTH}")
    _length(data, 115, "DMP")
    priority, sync, sequence, options, universe = struct.unpack_from(">BHBBH", data, 108)
    if struct.unpack_from(">BBHHH", data, 117) != (2, 0xA1, 0, 1, len(data) - 125):
        raise WireError("the DMP layer is not one run of slots from address 0")
    if priority > MAX_PRIORITY:
        raise WireError(f"priority {priority}: must be 0..{MAX_PRIORITY}")
    return DataPacket(
        cid=bytes(data[22:38]),
        source_name=_name(data[44:108]),
        universe=_universe(universe),
        slots=bytes(data[DATA_HEAD:]),
        priority=priority,
        sequence=sequence,
        sync=_universe(sync, "synchronization universe") if sync else 0,
        preview=bool(options & PREVIEW),
        terminated=bool(options & TERMINATED),
        force_sync=bool(options & FORCE_SYNC),
        start_code=data[125],
    )


def _decode_sync(data: bytes) -> SyncPacket:
    if len(data) != SYNC_LENGTH:
        raise WireError(f"a synchronization packet of {len(data)} bytes: must be {SYNC_LENGTH}")
    sequence, sync = struct.unpack_from(">BH", data, 44)
    return SyncPacket(bytes(data[22:38]), _universe(sync, "synchronization universe"), sequence)


def _decode_discovery(data: bytes) -> DiscoveryPacket:
    count, odd = divmod(len(data) - DISCOVERY_HEAD, 2)
    if odd or not 0 <= count <= PAGE:
        raise WireError(f"a discovery packet of {len(data)} bytes")
    _length(data, 112, "universe list")
    vector, page, last = struct.unpack_from(">IBB", data, 114)
    universes = struct.unpack_from(f">{count}H", data, DISCOVERY_HEAD)
    if vector != 1 or page > last or list(universes) != sorted(universes):
        raise WireError("the list of universes is not sorted, or its page is beyond the last")
    return DiscoveryPacket(bytes(data[22:38]), _name(data[44:108]), universes, page, last)
