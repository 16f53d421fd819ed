"""E1.31 packets: byte for byte those of another implementation, there and back, and whatever comes in instead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacn.messages.data_packet import DataPacket as TheirData
from sacn.messages.sync_packet import SyncPacket as TheirSync
from sacn.messages.universe_discovery import UniverseDiscoveryPacket as TheirDiscovery

from showctl.model import WireError
from showctl.plan import Universe
from showctl.wire import e131
from showctl.wire.e131 import DataPacket, DataRows, DiscoveryPacket, SyncPacket, decode, encode

universes = st.integers(1, 63999)
bytes_of_one = st.integers(0, 255)
cids = st.binary(min_size=16, max_size=16)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=63).filter(
    lambda text: len(text.encode()) <= 63
)
data_packets = st.builds(
    DataPacket,
    cids,
    names,
    universes,
    st.binary(max_size=512),
    st.integers(0, 200),
    bytes_of_one,
    st.one_of(st.just(0), universes),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    bytes_of_one,
)
sync_packets = st.builds(SyncPacket, cids, universes, bytes_of_one)
lists = st.lists(universes, max_size=512, unique=True).map(lambda numbers: tuple(sorted(numbers)))
discovery_packets = st.builds(
    lambda cid, name, numbers, page, more: DiscoveryPacket(cid, name, numbers, page, min(255, page + more)),
    cids,
    names,
    lists,
    bytes_of_one,
    bytes_of_one,
)
packets = st.one_of(data_packets, sync_packets, discovery_packets)


@given(data_packets)
def test_a_data_packet_is_the_one_that_sacn_makes(p):
    theirs = TheirData(
        tuple(p.cid),
        p.source_name,
        p.universe,
        tuple(p.slots.ljust(512, b"\0")),
        p.priority,
        p.sequence,
        p.terminated,
        p.preview,
        p.force_sync,
        p.sync,
        p.start_code,
    )
    full = DataPacket(**{name: getattr(p, name) for name in DataPacket.__slots__} | {"slots": p.slots.ljust(512, b"\0")})
    assert encode(full) == bytes(theirs.getBytes())


@given(sync_packets)
def test_a_synchronization_packet_is_the_one_that_sacn_makes(p):
    assert encode(p) == bytes(TheirSync(tuple(p.cid), p.sync, p.sequence).getBytes())


@given(cids, names, st.lists(universes, min_size=1, max_size=1500, unique=True))
def test_discovery_packets_are_those_that_sacn_makes(cid, name, numbers):
    theirs = TheirDiscovery.make_multiple_uni_disc_packets(tuple(cid), name, list(numbers))
    assert e131.discovery(cid, name, numbers) == [bytes(p.getBytes()) for p in theirs]


def test_nothing_to_list_is_no_packet():
    assert e131.discovery(bytes(16), "x", []) == []


@given(packets)
def test_there_and_back(p):
    assert decode(encode(p)) == p


@given(packets, st.data())
def test_a_damaged_packet_is_refused_or_read_but_never_anything_else(p, data):
    raw = bytearray(encode(p))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(bytes_of_one)
    raw = raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    try:
        again = decode(bytes(raw))
    except WireError:
        return
    assert isinstance(again, DataPacket | SyncPacket | DiscoveryPacket)


@given(st.binary(max_size=700))
def test_noise_is_refused(raw):
    with pytest.raises(WireError):
        decode(raw)


@given(st.text())
def test_a_source_name_always_ends_with_a_null(text):
    field = e131.name_field(text)
    assert len(field) == 64
    assert field[-1] == 0
    assert text.replace("\0", " ").encode("utf-8", "replace").startswith(field.rstrip(b"\0"))


@pytest.mark.parametrize(
    "packet",
    [
        DataPacket(bytes(15), "x", 1, b""),
        DataPacket(bytes(16), "x", 0, b""),
        DataPacket(bytes(16), "x", 64000, b""),
        DataPacket(bytes(16), "x", 1, bytes(513)),
        DataPacket(bytes(16), "x", 1, b"", priority=201),
        SyncPacket(bytes(16), 0),
        DiscoveryPacket(bytes(16), "x", (2, 1)),
    ],
)
def test_what_must_not_leave_is_refused(packet):
    with pytest.raises(ValueError, match=r"E1\.31"):
        encode(packet)


def test_rows_change_only_what_a_frame_changes():
    patch = (Universe(1, priority=90, sync=9), Universe(7))
    rows = DataRows(b"c" * 16, "name", patch)
    rows.slots[:] = levels = np.random.default_rng(1).integers(0, 256, (2, 512), np.uint8)
    rows.stamp(np.array([1]), np.array([77], np.uint8), terminated=True)
    assert decode(bytes(rows.rows[1])) == DataPacket(b"c" * 16, "name", 7, levels[1].tobytes(), sequence=77, terminated=True)
    assert decode(bytes(rows.rows[0])) == DataPacket(b"c" * 16, "name", 1, levels[0].tobytes(), 90, sync=9)
    rows.stamp(np.array([1]), np.array([78], np.uint8))
    again = decode(bytes(rows.rows[1]))
    assert (again.sequence, again.terminated) == (78, False)


def test_multicast_address():
    assert e131.multicast_address(1) == "239.255.0.1"
    assert e131.multicast_address(0x1234) == "239.255.18.52"
    assert e131.multicast_address(e131.DISCOVERY_UNIVERSE) == "239.255.250.214"
