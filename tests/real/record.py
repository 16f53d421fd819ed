"""A program that records its inputs of a JACK server, sample by sample.

    python -m tests.real.record FOLDER CHANNELS SECONDS

Prints `ready` once its stream runs, `lost N` and `done` at the end; FOLDER/heard.npy is (frames, channels), FOLDER/blocks.npy the
first frame of each block and the monotonic second at which it came in.
"""

import sys
import time
from pathlib import Path

import numpy as np
import sounddevice as sd

from showctl.sound.portaudio import devices, usual


def main() -> None:
    folder, channels, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    heard = np.zeros((int(seconds * 48000) + 65536, channels), np.float32)
    blocks, at, lost = np.zeros((len(heard) // 64, 2)), 0, 0
    count = 0

    def callback(samples, frames, info, status):
        nonlocal at, lost, count
        blocks[count] = at, time.monotonic()
        count += 1
        lost += bool(status)
        size = min(frames, len(heard) - at)
        heard[at : at + size] = samples[:size]
        at += size

    index = usual(devices(), "", "input")
    with sd.InputStream(device=index, channels=channels, samplerate=48000, dtype="float32", latency="low", callback=callback):
        print("ready", flush=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (folder / "enough").exists():
            time.sleep(0.01)
    np.save(folder / "heard.npy", heard[:at])
    np.save(folder / "blocks.npy", blocks[:count])
    print(f"lost {lost}\ndone", flush=True)


if __name__ == "__main__":
    main()
