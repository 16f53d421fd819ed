"""Takes on a JACK server, by a program of its own: a signal is played into one output after the other, all inputs are recorded.

    python -m tests.real.play_sweeps FOLDER

FOLDER/signal.npy is (frames,). Prints `ready`, waits until FOLDER/go is there, writes FOLDER/take-N.npy (frames, inputs) for
each of two outputs and prints `lost N`, the blocks that the server says it lost. (Not in the test itself: PortAudio ends its
process where a server has gone.)
"""

import sys
import time
from pathlib import Path

import numpy as np

from showctl.sound.duplex import Duplex
from showctl.sound.take import Take


def main():
    folder = Path(sys.argv[1])
    stream = Duplex("system", "system", 2, 2)
    print("ready", flush=True)
    while not (folder / "go").exists():
        stream.tend()
        time.sleep(0.02)
    signal = np.load(folder / "signal.npy")
    for output in range(2):
        take = Take(signal, [output], [0, 1], stream.rate, stream.rate)
        stream.play(take)
        while not take.done:
            stream.tend()
            time.sleep(0.02)
        assert not take.taken.stopped
        np.save(folder / f"take-{output}.npy", take.taken.samples)
    stream.close()
    assert not stream.fault, stream.fault
    print(f"lost {stream.lost}", flush=True)


if __name__ == "__main__":
    main()
