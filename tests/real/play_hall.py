"""A concert on a JACK server, as a program of its own: a desk that plays, the console's equaliser, a room, and a crowd in it.

    python -m tests.real.play_hall FOLDER HOST PORT

FOLDER holds song.npy (frames,), which is played over and over; room.npy (1, microphones, frames), taken anew whenever it is
written anew, as in play_room; and crowd*.npy (microphones or 1, frames), each over and over, added to what the microphones hear.
Output 1 is the programme as it leaves the desk; behind it are the microphones.

What the PA plays goes through the bands that the console at HOST:PORT holds: asked for by OSC, as an engineer's own program does,
several times a second, and filtered by the very formula. Whenever the console tells something else than before, that is a line of
FOLDER/bands.jsonl: monotonic seconds, whether the equaliser is on, and (kind, Hz, dB, Q) of each band.

While FOLDER/record is there, all outputs go into FOLDER/record.f32 (float32, as many channels as outputs). Prints `ready`, and
`changed`, `recording` and `recorded`, each with its audio frame; `lost N` when the server lost sound.
"""

import json
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import numpy as np
from scipy.signal import sosfilt

from showctl.analysis.room.biquad import coefficients
from showctl.model import WireError
from showctl.sound.duplex import Duplex
from showctl.wire.osc import decode, encode
from showctl.wire.x32 import KEYS, band, equaliser
from tests.real.play_room import Room

ASKS_S = 0.1
CONSOLE = equaliser("x32", "main")


class Desk:
    """What an engineer's program knows of the console's main equaliser."""

    def __init__(self, host, port):
        self._addresses = [CONSOLE.switch, *(CONSOLE.address(i, key) for i in range(CONSOLE.bands) for key in KEYS)]
        self._values, self._next = {}, 0.0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((host, port))

    def bands(self):
        """(kind or None, Hz, dB, Q) of each, and whether the equaliser is on; None before it has all been told."""
        self._read()
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + ASKS_S
            for address in self._addresses:
                with suppress(OSError):  # a console that is off: the last bands stay
                    self._socket.send(encode(address))
        if len(self._values) < len(self._addresses):
            return None
        return bool(self._values[CONSOLE.switch]), [self._band(i) for i in range(CONSOLE.bands)]

    def _band(self, i):
        return band(tuple(self._values[CONSOLE.address(i, key)] for key in KEYS))

    def _read(self):
        while True:
            try:
                data = self._socket.recv(65535)
            except OSError:
                return
            with suppress(WireError):
                for message in decode(data):
                    if message.address in self._addresses and len(message.arguments) == 1:
                        self._values[message.address] = message.arguments[0]


class Hall:
    """What is done with each block."""

    def __init__(self, folder):
        self.song = np.load(folder / "song.npy")
        self.room = Room(np.load(folder / "room.npy"))
        self.crowds = [np.atleast_2d(np.load(path)) for path in sorted(folder.glob("crowd*.npy"))]
        self.frame = 0
        self.recording, self.taken = False, deque()
        self._sections = np.zeros((0, 6))
        self._state = np.zeros((0, 2))

    def play_through(self, bands):
        """The PA's equaliser, changed as a console changes it: at once."""
        self._sections = np.array([coefficients(one) for one in bands]).reshape(-1, 6)

    def _of(self, sound, count):
        return np.take(sound, np.arange(self.frame, self.frame + count), axis=-1, mode="wrap")

    def process(self, samples, out):
        count, sections = len(samples), self._sections
        dry = self._of(self.song, count)
        if len(self._state) != len(sections):
            self._state = np.zeros((len(sections), 2))
        wet = dry
        if len(sections):
            wet, self._state = sosfilt(sections, dry, zi=self._state)
        heard = np.zeros((count, out.shape[1] - 1))
        self.room.process(wet[:, None], heard)
        for crowd in self.crowds:
            heard += self._of(crowd, count).T
        out[:, 0], out[:, 1:] = dry, heard
        self.frame += count
        if self.recording:
            self.taken.append(out.copy())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # a client that is killed can hold JACK for ever
    folder, host, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    desk, hall = Desk(host, port), Hall(folder)
    written = (folder / "room.npy").stat().st_mtime_ns
    held, lost = None, 0
    stream = Duplex("system", "system", 1, 1 + np.load(folder / "room.npy").shape[1])
    stream.play(hall)
    print("ready", flush=True)
    with (folder / "record.f32").open("ab") as record, (folder / "bands.jsonl").open("a") as log:
        while True:
            time.sleep(0.02)
            if stream.fault:
                raise SystemExit(stream.fault)
            if stream.lost != lost:
                lost = stream.lost
                print(f"lost {lost}", flush=True)
            if (told := desk.bands()) != held and told is not None:
                held = told
                on, bands = told
                fine = [one for one in bands if one is not None]
                hall.play_through(fine if on else [])
                rows = [one and (one.kind, one.freq, one.gain, one.q) for one in bands]
                log.write(json.dumps([time.monotonic(), on, rows]) + "\n")
                log.flush()
            if (folder / "room.npy").stat().st_mtime_ns != written:
                written = (folder / "room.npy").stat().st_mtime_ns
                hall.room.become(np.load(folder / "room.npy"))
                print(f"changed {hall.frame}", flush=True)
            if (folder / "record").exists() != hall.recording:
                hall.recording = not hall.recording
                print(f"{'recording' if hall.recording else 'recorded'} {hall.frame}", flush=True)
            while hall.taken:
                record.write(hall.taken.popleft().astype(np.float32).tobytes())


if __name__ == "__main__":
    main()
