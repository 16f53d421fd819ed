"""What leaves: the universes of a patch, the look they show, and every kind of packet that goes out for them.

The process calls `take_patch` and `take_look` before a frame, then `send`, `say_goodbye` and `discover`. Packets of one
universe keep one sequence over restarts of the process: the numbers live in the shared file, and what did not leave did not
use its number up. A universe that never had a look is not sent. Times are CLOCK_MONOTONIC ns.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from showctl.outputs.sacn.frames import TIMES, Frames, Look, Patch, as_universes
from showctl.outputs.sacn.sender import Sender
from showctl.plan import Universe
from showctl.wire.e131 import DISCOVERY_EVERY_S, DISCOVERY_UNIVERSE, DataRows, SyncPacket, discovery, encode, multicast_address
from showctl.wire.e131_stream import Streams

CHUNK = 32  # universes: bigger bursts are lost in receivers with a common buffer
CHUNK_NS = 1_000_000  # from one chunk to the next, less where all would not fit
SPREAD_NS = 9_000_000  # first to last chunk, at most
SYNC_PAUSE_NS = 500_000  # between data and the synchronization packet, 11.2.2
RETRY_DISCOVERY_NS = 1_000_000_000
LAST_WORDS = 3  # termination packets, 6.2.6


@dataclass(slots=True)
class Leaving:
    """Streams that ended with a patch: three packets with the bit to whoever does not get them any more."""

    rows: DataRows
    numbers: NDArray[np.uint16]
    targets: list[tuple[str, ...]]
    left: int = LAST_WORDS


class Transmitter:
    """The universes of the present patch, ready to leave."""

    def __init__(self, frames: Frames, sender: Sender) -> None:
        self.frames, self.file, self.sender = frames, frames.file, sender
        self.leaving: list[Leaving] = []
        self.packets = int(self.file["packets"])
        self._patch_number = self._look_number = 0
        self._next_discovery = 0
        self._sequence = self.file["sequence"]
        self._lay_out(Patch(bytes(16), "", ()))

    @property
    def busy(self) -> bool:
        """Whether there is anything to send, now or later."""
        return bool(self.streams.known.any()) or bool(self.leaving)

    # --- patch and look ------------------------------------------------------------------------------------------------

    def take_patch(self) -> None:
        """Take the patch of the shared file if it is a new one; what stays patched goes on without a gap."""
        number = self.frames.patch_number
        if number == self._patch_number:
            return
        patch = self.frames.read_patch()
        if patch is None:
            return  # it is being written: the next frame has it
        old, old_rows, old_streams = self.patch, self.rows, self.streams
        self._lay_out(patch)
        there = {u.number: i for i, u in enumerate(old.universes) if old_streams.known[i]}
        both = [(i, there[u.number]) for i, u in enumerate(patch.universes) if u.number in there]
        self.streams.carry(old_streams, both)
        for here, before in both:
            self.rows.slots[here] = old_rows.slots[before]
        self._leave(old, old_rows, old_streams)
        self._patch_number, self._look_number = number, 0
        self.sender.configure(patch)

    def _lay_out(self, patch: Patch) -> None:
        """All that follows from a patch."""
        count = len(patch.universes)
        self.patch, self.period = patch, int(self.file["period"])
        self.rows = DataRows(patch.cid, patch.source_name, patch.universes, patch.preview)
        self.streams = Streams(count, self.period)
        self.numbers = np.array([u.number for u in patch.universes], np.uint16)
        self.targets = [targets(u) for u in patch.universes]
        self.syncs = sync_targets(patch.universes)
        self._sync_of = np.array([u.sync for u in patch.universes], np.int64)
        self._pause = min(CHUNK_NS, SPREAD_NS // max(1, (count - 1) // CHUNK))
        # a universe keeps its place in the frame, whichever others leave: its intervals do not depend on them
        self.offsets = np.arange(count, dtype=np.int64) // CHUNK * self._pause

    def _leave(self, old: Patch, rows: DataRows, streams: Streams) -> None:
        stay = {u.number: set(targets(u)) for u in self.patch.universes}
        gone = [(i, u, tuple(t for t in targets(u) if t not in stay.get(u.number, ()))) for i, u in enumerate(old.universes)]
        gone = [one for one in gone if one[2] and streams.known[one[0]]]
        if gone:
            last = DataRows(old.cid, old.source_name, [u for _, u, _ in gone], old.preview)
            last.slots[:] = rows.slots[[i for i, _, _ in gone]]
            numbers = np.array([u.number for _, u, _ in gone], np.uint16)
            self.leaving.append(Leaving(last, numbers, [to for _, _, to in gone]))

    def take_look(self) -> bool:
        """Take the newest look of the shared file; True if there was a new one."""
        if int(self.file["newest"]) == self._look_number:
            return False
        look = self.frames.read_look()
        if look is None:
            return False
        self._look_number = look.number
        self.file["taken"] = look.number
        self.show(look)
        return True

    def show(self, look: Look) -> None:
        """Put a look into the packets, and note which universes changed by it."""
        if len(look.numbers) == len(self.numbers) and (look.numbers == self.numbers).all():
            new, fresh = look.slots, ~self.streams.known
        else:
            known = np.isin(self.numbers, look.numbers)
            mapped = as_universes(look, self.patch.universes)
            if mapped is None:
                return
            new, fresh = np.where(known[:, None], mapped, self.rows.slots), known & ~self.streams.known
        changed = (new != self.rows.slots).any(axis=1) | fresh
        if changed.any():
            self.rows.slots[changed] = new[changed]
            self.streams.changed(changed)

    # --- packets -------------------------------------------------------------------------------------------------------

    def send(self, mask: NDArray[np.bool_], now: int, paced: bool, terminated: bool = False) -> None:
        """Send the universes of a mask, chunk by chunk if paced, then the synchronization packets that belong to them."""
        which = mask.nonzero()[0]
        before = self.packets
        self._stamp(self.rows, which, self.numbers[which], terminated)
        for chunk in chunks(which):
            if paced and chunk[0] >= CHUNK:
                sleep_until(now + int(self.offsets[chunk[0]]))
            gone = [self._to_all(self.rows.rows[i], self.targets[i]) for i in chunk.tolist()]
            if not all(gone):
                self._sequence[self.numbers[chunk[np.logical_not(gone)]]] -= 1
                chunk = chunk[gone]
            # the time after it, lest a pause in between makes the next packet of the universe come too soon
            self.streams.sent(chunk, time.monotonic_ns())
        if self.packets > before:
            self._note(now)
            if self.syncs:
                self._synchronize(which)

    def _note(self, now: int) -> None:
        number = int(self.file["frames"])
        self.file["sent_at"][number % TIMES] = now
        self.file["frames"], self.file["packets"] = number + 1, self.packets

    def _stamp(self, rows: DataRows, which: NDArray[np.intp], numbers: NDArray[np.uint16], terminated: bool) -> None:
        following = self._sequence[numbers] + np.uint8(1)
        self._sequence[numbers] = following
        rows.stamp(which, following, terminated)

    def _to_all(self, packet: bytes | memoryview, addresses: Sequence[str]) -> bool:
        """Whether it left to any of the addresses."""
        left = sum([self.sender.send(packet, address) for address in addresses])
        self.packets += left
        return left > 0

    def _synchronize(self, which: NDArray[np.intp]) -> None:
        used = set(self._sync_of[which].tolist()) - {0}
        if used:
            sleep_until(time.monotonic_ns() + SYNC_PAUSE_NS)
        numbers = self.file["sync_sequence"]
        for address in sorted(used):
            numbers[address] += 1
            packet = SyncPacket(self.patch.cid, address, int(numbers[address]))
            if not self._to_all(encode(packet), self.syncs[address]):
                numbers[address] -= 1

    def discover(self, now: int) -> None:
        """Each 10 s: which universes are sent here by multicast. Nothing if none is."""
        if now < self._next_discovery:
            return
        sent = [u for i, u in enumerate(self.patch.universes) if self.streams.known[i] and u.multicast]
        numbers = {u.number for u in sent} | {u.sync for u in sent if u.sync}
        group = multicast_address(DISCOVERY_UNIVERSE)
        left = [self._to_all(packet, (group,)) for packet in discovery(self.patch.cid, self.patch.source_name, numbers)]
        self._next_discovery = now + (int(DISCOVERY_EVERY_S * 1e9) if all(left) else RETRY_DISCOVERY_NS)

    def say_goodbye(self) -> None:
        """Once a frame: one of the last words of each stream that a new patch ended."""
        for one in self.leaving:
            self._stamp(one.rows, np.arange(len(one.numbers)), one.numbers, terminated=True)
            for row, to in zip(one.rows.rows, one.targets, strict=True):
                self._to_all(row, to)
            one.left -= 1
        self.leaving = [one for one in self.leaving if one.left]

    def terminate(self, deadline: int) -> None:
        """Three packets with the bit for each universe that has a look, be it that only the output before this one sent it: one a
        period from a deadline on; takes 70 ms."""
        shown = self.streams.known.copy()
        deadline = max(deadline, int(self.streams.last.max(initial=0)) + self.period)
        for _ in range(LAST_WORDS):
            sleep_until(deadline)
            self.send(shown, deadline, paced=True, terminated=True)
            self.say_goodbye()
            deadline += self.period


def chunks(which: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Indices of universes, in order, cut where the next chunk of the frame begins."""
    if not len(which):
        return []
    if which[-1] < CHUNK:
        return [which]
    return np.split(which, np.flatnonzero(np.diff(which // CHUNK)) + 1)


def sleep_until(when: int) -> None:
    """Sleep until a time of CLOCK_MONOTONIC (ns)."""
    while (rest := when - time.monotonic_ns()) > 0:
        time.sleep(rest / 1e9)


def targets(universe: Universe) -> tuple[str, ...]:
    """The addresses that a universe is sent to."""
    return ((multicast_address(universe.number),) if universe.multicast else ()) + universe.unicast


def sync_targets(universes: Sequence[Universe]) -> dict[int, tuple[str, ...]]:
    """Where the packets of each synchronization universe go: wherever one of its data packets goes."""
    to: dict[int, dict[str, None]] = {}
    for universe in universes:
        if universe.sync:
            to.setdefault(universe.sync, {}).update(dict.fromkeys(targets(replace(universe, number=universe.sync))))
    return {sync: tuple(addresses) for sync, addresses in to.items()}
