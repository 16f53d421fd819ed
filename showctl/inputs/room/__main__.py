"""Hear the room until the daemon is gone."""

from __future__ import annotations

import gc
import os
import socket
import sys
import time

from showctl.rank import come_up, go_first

if __name__ == "__main__":
    come_up()  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a second core belongs to others
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.inputs.room.calibrations import curves_of
from showctl.inputs.room.process import Room
from showctl.model import DeviceError, State
from showctl.sound.portaudio import Input
from showctl.wire.room import RoomHeard, decode_setup, encode_heard


def main(argv: list[str] | None = None) -> int:
    """Hear the room until the daemon is gone."""
    words, number = sys.argv[1:] if argv is None else argv
    setup = decode_setup(words)
    with socket.socket(fileno=int(number)) as sock:
        channels = max(*setup.programme, *(one.channel for one in setup.microphones))
        try:
            room = Room(setup, sock, Input(setup.card, channels=channels), curves_of(setup.microphones))
        except DeviceError as error:
            sock.send(encode_heard(RoomHeard(time.monotonic(), State.DEGRADED, str(error))))
            return 1
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not look at it again
        go_first()
        try:
            room.run()
        except DeviceError:
            os.set_inheritable(sock.fileno(), True)
            os.execv(sys.executable, [sys.executable, "-m", "showctl.inputs.room", words, str(sock.fileno())])
    return 0


if __name__ == "__main__":
    sys.exit(main())
