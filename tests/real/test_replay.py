"""A night as people play it, and its record: `showctl render` gives the very frames that left on the wire."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.real.conftest import namespace, until
from tests.real.night import LONGEST, ROOT, SHOWCTL, Night, night_in, wire

pytestmark = pytest.mark.real

VENUE = """\
showctl: 1
kind: venue
name: Hall
universes: {1: {to: 127.0.0.1}}
fixtures:
  lamp: {type: generic/dimmer, at: [1/1, 1/2, 1/3, 1/4]}
groups: {lamps: [lamp.1-4]}
"""

SHOW = """\
showctl: 1
kind: show
name: Night
effects:
  flicker: {sync: free, shape: random, param: intensity, every: 0.1s, low: 0%, high: 100%}
  swell: {sync: free, shape: sine, param: intensity, every: 1.3s, spread: 360deg, layer: scale}
cues:
  - {cue: 1, set: {lamps: {intensity: 90%}}, in: 2s}
  - {cue: 2, start: {swell: lamps}, in: 0s}
  - {cue: 3, start: {flicker: lamps}, in: 0s}
"""


def looks(night: Night, out: Path) -> list[bytes]:
    """The frames of the recorded night, rendered; a look that stays counts once."""
    command = [*SHOWCTL, "render", str(night.venue), str(night.show), "--events", str(night.state / "journal"), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "other files" not in done.stderr
    slots = np.concatenate([np.load(path)["slots"][:, 0] for path in sorted(out.glob("frames-*.npz"))])
    return [look for look, _ in itertools.groupby(one.tobytes() for one in slots)]


def assert_in_order(sent: list[bytes], made: list[bytes]) -> None:
    """Every look that was sent is one that was made, in this order."""
    rest = iter(made)
    for i, look in enumerate(sent):
        assert any(look == one for one in rest), f"look {i} of {len(sent)} on the wire is in no frame of the replay"


def test_the_record_of_a_night_gives_the_frames_that_left(tmp_path: Path) -> None:
    """Fades, effects and the strobe limit, whose doing depends on when ticks fall; killed, and gone on with."""
    with namespace() as net, night_in(net) as night:
        night.venue.write_text(VENUE)
        night.show.write_text(SHOW)
        with wire(night.net) as line, night.daemon() as daemon:
            night.control(type="go")
            night.later(0.7)
            night.control(type="go")
            night.later(0.7)
            night.control(type="go")
            night.later(2.0)
            night.control(type="master", level=0.5)
            night.later(0.3)
            daemon.popen.kill()
            daemon.popen.wait()
            first = [look for look, _ in itertools.groupby(bytes(packet.slots) for packet in line.of(1))]
        made = looks(night, tmp_path / "first")
        assert len(first) > 60
        unflushed = next((i for i, look in enumerate(first) if look not in set(made)), len(first))
        assert unflushed > len(first) - 0.4 * 44, "a crash loses what was not yet written down: a quarter of a second"
        assert_in_order(first[:unflushed], made)

        with wire(night.net) as line, night.daemon():
            begun = len(line.packets)
            night.later(0.5)
            night.control(type="master", level=1.0)
            night.later(0.5)
            until(lambda: len({packet.slots for packet in line.of(1, begun)}) > 10, LONGEST, "light that moves")
        sent = [look for look, _ in itertools.groupby(bytes(packet.slots) for packet in line.of(1))]
        made = looks(night, tmp_path / "second")
        left = next(n for n, look in enumerate(made) if look in sent)  # the first may fall while the wire still repeats
        ours = sent.index(made[left])
        assert left < 10
        assert ours < 10
        assert_in_order(sent[ours:], made)
