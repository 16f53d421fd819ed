"""Another program that plays: clicks at random intervals of 0.4-1.5 s to a JACK device, and says when each left.

Prints "ready", then one monotonic time in seconds a line: when the callback handed the click's first sample to the server.
"""

import random
import signal
import sys
import time

import numpy as np
import sounddevice as sd

RATE = 48000
click = (0.8 * np.sin(2 * np.pi * 1500 * np.arange(480) / RATE) * np.linspace(1, 0, 480)).astype(np.float32)
rng = random.Random(int(sys.argv[1]))
pending = np.zeros(0, np.float32)
countdown = RATE
left = []


def play(out, frames, _info, _status):
    """Fill one period; a click begins at any sample of it."""
    global pending, countdown
    out[:] = 0
    at = 0
    if not len(pending) and countdown < frames:
        at, pending = countdown, click
        left.append(time.monotonic())
        countdown += int(RATE * rng.uniform(0.4, 1.5))
    countdown -= frames
    take = min(len(pending), frames - at)
    out[at : at + take, 0] = pending[:take]
    pending = pending[take:]


# A client that is killed in the middle of a cycle can hold JACK for ever: it says goodbye
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with sd.OutputStream(device="system", channels=1, samplerate=RATE, dtype="float32", latency="low", callback=play):
    print("ready", flush=True)
    told = 0
    while True:
        time.sleep(0.05)
        for moment in left[told:]:
            print(f"click {moment:.6f}", flush=True)
            told += 1
