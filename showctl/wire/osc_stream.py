"""OSC packets in a stream of bytes, as TCP carries them. PURE: bytes in, packets out.

OSC 1.0 puts the length of a packet before it, four bytes, big-endian; OSC 1.1 frames it by SLIP (RFC 1055: END 0xC0 on both
sides, 0xDB escapes). Which of the two a sender speaks is seen from its first byte: no packet of 16 MB or more is ever sent,
so a length begins with a zero, and SLIP begins with END.
"""

from __future__ import annotations

from showctl.model import WireError

LARGEST = 8192  # bytes of a packet: what asks for light is far smaller
END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"


class Deframer:
    """Cuts a stream into packets. After a WireError the stream is of no use any more."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.slip = False
        self._begun = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now. WireError for what cannot be a stream of OSC."""
        self._waiting += data
        if not self._begun and self._waiting:
            self.slip, self._begun = self._waiting[0] == END[0], True
        return self._by_end() if self.slip else self._by_length()

    def _by_length(self) -> list[bytes]:
        packets = []
        while len(self._waiting) >= 4:
            size = int.from_bytes(self._waiting[:4], "big")
            if not 0 < size <= LARGEST or size & 3:
                raise WireError(f"a packet of {size} bytes: OSC over TCP has the length before each packet, at most {LARGEST}")
            if len(self._waiting) < 4 + size:
                break
            packets.append(bytes(self._waiting[4 : 4 + size]))
            del self._waiting[: 4 + size]
        return packets

    def _by_end(self) -> list[bytes]:
        *whole, rest = bytes(self._waiting).split(END)
        self._waiting[:] = rest
        if any(len(one) > 2 * LARGEST for one in (*whole, rest)):
            raise WireError(f"a packet of more than {LARGEST} bytes")
        return [one.replace(ESC_END, END).replace(ESC_ESC, ESC) for one in whole if one]


def frame(packet: bytes, slip: bool) -> bytes:
    """A packet as it goes into the stream."""
    if slip:
        return END + packet.replace(ESC, ESC_ESC).replace(END, ESC_END) + END
    return len(packet).to_bytes(4, "big") + packet
