"""Two renders side by side: what is found, how it is told, and how it is drawn."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.commands.diff import words
from showctl.compare import Channels, NoRender, Render, compare
from showctl.model import Happened, PlaybackState, ShowFrame
from showctl.outputs.record import Recorder
from showctl.picture import draw, png_of
from showctl.plan import Plan
from tests.show.shows import dimmer, pan, plan

DIM, FINE = 0, 9  # slots (from 0) of the first dimmer, and of the fine half of a pan


def recorded(
    folder: Path, looks: NDArray[np.uint8], rate: float = 10.0, universes: tuple[int, ...] = (1,), cue: float = 0.5
) -> Render:
    """A render of these looks (T, U, 512), with a cue at a time."""
    with Recorder(folder, universes) as recorder:
        for i, look in enumerate(looks):
            recorder.add(ShowFrame(i / rate, look, PlaybackState(())))
        data = (("list", "main"), ("cue", "7"), ("name", "Blue"), ("by", "go"), ("source", ""))
        recorder.tell((Happened(cue, "cue", data),))
    return Render(folder)


def still(seconds: float = 4.0, rate: float = 10.0, universes: int = 1) -> NDArray[np.uint8]:
    return np.zeros((int(seconds * rate), universes, 512), dtype=np.uint8)


def lamps() -> Plan:
    """Dimmers on slots 1 to 6 and a 16-bit pan on 9 and 10 that hangs the other way round."""
    return plan([*(dimmer(i, f"par.{i}") for i in range(1, 7)), pan(9, invert=True)])


def test_a_render_does_not_differ_from_itself(tmp_path: Path) -> None:
    looks = np.random.default_rng(1).integers(0, 256, (100, 1, 512), dtype=np.uint8)
    found = compare(recorded(tmp_path / "a", looks), recorded(tmp_path / "b", looks))
    assert (found.differ, found.differences) == (False, [])


def test_a_difference_is_a_span_of_a_channel_with_the_levels_furthest_apart(tmp_path: Path) -> None:
    a, b = still(), still()
    b[12:16, 0, DIM] = (10, 204, 204, 30)
    b[18:20, 0, DIM] = 50  # 0.3 s later: still the same one
    b[30, 0, DIM + 1 : DIM + 4] = 255
    found = compare(recorded(tmp_path / "a", a), recorded(tmp_path / "b", b), lamps())
    assert [(d.channel, d.begin, d.end, d.a, d.b) for d in found.differences][:2] == [
        (0, 1.2, 1.9, 0, 204),
        (1, 3.0, 3.0, 0, 255),
    ]
    assert words(found) == [
        "in main cue 7 Blue:",
        "  1.2-1.9 s  par.1 intensity 0 -> 80 %",
        "  3.0 s  par.2..par.4 intensity 0 -> 100 %",
    ]


def test_without_a_plan_it_is_slots(tmp_path: Path) -> None:
    a, b = still(universes=2), still(universes=2)
    b[2:, 1, 511] = 9
    found = compare(recorded(tmp_path / "a", a, universes=(1, 70)), recorded(tmp_path / "b", b, universes=(1, 70)))
    assert words(found) == ["before the first cue:", "  0.2-3.9 s  70/512 0 -> 9"]


def test_a_fine_slot_is_part_of_its_level_and_a_head_may_hang_the_other_way_round(tmp_path: Path) -> None:
    a, b = still(), still()
    b[20:, 0, FINE] = 1
    found = compare(recorded(tmp_path / "a", a), recorded(tmp_path / "b", b), lamps())
    assert words(found)[1] == "  2.0-3.9 s  head.9 pan 100 -> 99.99847 %"


@pytest.mark.parametrize("rates", [(44.0, 30.0), (30.0, 44.0), (10.0, 40.0)])
def test_a_fade_does_not_differ_from_itself_at_another_rate(tmp_path: Path, rates: tuple[float, float]) -> None:
    renders = []
    for rate in rates:
        looks = still(4.0, rate)
        raw = (np.clip(np.arange(len(looks)) / rate - 1.0, 0.0, 2.0) / 2.0 * 65535).astype(np.int64)
        looks[:, 0, FINE - 1], looks[:, 0, FINE] = raw >> 8, raw & 255
        renders.append(recorded(tmp_path / str(rate), looks, rate))
    assert not compare(*renders, lamps()).differences
    assert renders[0].period == pytest.approx(1 / rates[0])


def test_a_flash_of_the_finer_one_is_seen_and_stays_on_its_side(tmp_path: Path) -> None:
    fine = still(4.0, 40.0)
    fine[41, 0, DIM] = 255
    slow, quick = recorded(tmp_path / "a", still()), recorded(tmp_path / "b", fine, 40.0)
    assert [(d.a, d.b) for d in compare(slow, quick).differences] == [(0, 255)]
    assert [(d.a, d.b) for d in compare(quick, slow).differences] == [(255, 0)]


def test_what_only_one_of_them_has_is_told(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a", still(2.0), universes=(1,)), recorded(tmp_path / "b", still(4.0), universes=(3,), cue=1.5)
    found = compare(a, b)
    assert found.differ
    assert words(found) == [
        "universe 1 is only in A",
        "universe 3 is only in B",
        "A lasts 1.9 s, B 3.9 s: compared as long as both do",
        "main cue 7 Blue: at 0.50 s in A, at 1.50 s in B",
    ]
    (tmp_path / "b" / "events.jsonl").unlink()
    assert words(compare(a, Render(tmp_path / "b")))[-1] == "main cue 7 Blue: at 0.50 s in A alone"


def test_what_is_no_render_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoRender, match="showctl render"):
        Render(tmp_path)
    recorded(tmp_path, still())
    (tmp_path / "frames-0000.npz").write_bytes(b"nothing")
    with pytest.raises(NoRender, match="not a file of frames"):
        Render(tmp_path)


def test_levels_of_cells_are_read_from_their_own_slots() -> None:
    channels = Channels([1], lamps())
    look = np.zeros((1, 512), dtype=np.uint8)
    look[0, [0, 8, 9]] = (51, 1, 2)
    assert channels.read(look).tolist() == [51, 0, 0, 0, 0, 0, 258]
    assert channels.level(0, 51) == pytest.approx(20.0)


# --- the picture -------------------------------------------------------------------------------------------------------


def pixels_of(svg: str) -> NDArray[np.uint8]:
    """The image in a picture, decoded by the rules of PNG."""
    match = re.search(r"base64,([^\"]+)", svg)
    assert match
    data = io.BytesIO(base64.b64decode(match[1]))
    assert data.read(8) == b"\x89PNG\r\n\x1a\n"
    chunks = {}
    while head := data.read(8):
        size, name = struct.unpack(">I4s", head)
        chunks[name] = data.read(size)
        assert struct.unpack(">I", data.read(4))[0] == zlib.crc32(name + chunks[name])
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_the_picture_shows_both_and_how_far_they_lie_apart(tmp_path: Path) -> None:
    a, b = still(), still()
    a[:, 0, DIM] = 255
    b[:20, 0, DIM] = 255
    sides = recorded(tmp_path / "a", a), recorded(tmp_path / "b", b)
    found = compare(*sides, lamps())
    svg = draw(found, *sides, lamps())
    image = pixels_of(svg)
    assert image.shape == (20, 1000, 3), "one row: what does not differ is not drawn"
    left, right = image[:, 250], image[:, 750]
    assert left[[3, 10]].tolist() == [[255] * 3] * 2
    assert not left[15].any()
    assert right[[3, 10]].tolist() == [[255] * 3, [0] * 3]
    assert (right[15] >= [255, 254, 203]).all(), "the whole range apart"
    assert ">par.1</text>" in svg
    assert ">7 Blue</text>" in svg
    assert ">2 s</text>" in svg


def test_a_difference_too_short_for_a_column_is_seen(tmp_path: Path) -> None:
    a, b = still(400.0), still(400.0)
    b[2000, 0, DIM] = 255
    sides = recorded(tmp_path / "a", a), recorded(tmp_path / "b", b)
    image = pixels_of(draw(compare(*sides), *sides, None))
    assert np.flatnonzero(image[15].any(axis=-1)).tolist() == [500]


def test_an_image_of_any_size_is_whole() -> None:
    for shape in ((1, 1, 3), (3, 17, 3)):
        image = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
        text = base64.b64encode(png_of(image)).decode()
        assert (pixels_of(f'base64,{text}"') == image).all()


# --- the command -------------------------------------------------------------------------------------------------------


def diff(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "showctl", "diff", *map(str, args)], capture_output=True, text=True, timeout=50)


def test_the_command(tmp_path: Path) -> None:
    a, b = still(), still()
    b[10:20, 0, DIM] = 204
    recorded(tmp_path / "a", a)
    recorded(tmp_path / "b", b)
    same = diff(tmp_path / "a", tmp_path / "a")
    assert (same.returncode, same.stdout) == (0, "no difference\n")
    other = diff(tmp_path / "a", tmp_path / "b", "--picture", tmp_path / "p.svg")
    assert (other.returncode, other.stdout.splitlines()) == (1, ["in main cue 7 Blue:", "  1.0-1.9 s  1/1 0 -> 204"])
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    said = json.loads(diff(tmp_path / "a", tmp_path / "b", "--json").stdout)
    assert said["differences"] == [{"begin": 1.0, "end": 1.9, "slot": "1/1", "a": 0.0, "b": 204.0}]
    for args, text in (((tmp_path, tmp_path / "b"), "frames-NNNN"), ((tmp_path / "a", tmp_path / "b", "x.yaml"), "both files")):
        wrong = diff(*args)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert text in wrong.stderr
