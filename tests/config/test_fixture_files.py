"""A venue that names fixture files: found beside it, patched, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from showctl.config.load import check, load
from showctl.plan import Parameter, Plan
from showctl.show.patch import Patch
from tests.fixtures.files import OFL, QXF, ofl_bytes

SHOW = "showctl: 1\nkind: show\nname: s\ncues:\n  - {cue: 1, set: {all: {intensity: 50%}}}\n"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nowhere"))


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    (tmp_path / "fixtures" / "acme").mkdir(parents=True)
    (tmp_path / "fixtures" / "acme" / "wanderer-3.qxf").write_text(QXF)
    (tmp_path / "fixtures" / "acme" / "glow-bar.json").write_bytes(ofl_bytes())
    (tmp_path / "show.yaml").write_text(SHOW)
    return tmp_path / "venue.yaml"


def write(venue: Path, fixture: str) -> Path:
    venue.write_text(f"showctl: 1\nkind: venue\nname: v\nuniverses: {{1: {{}}}}\nfixtures:\n  lamp: {fixture}\n")
    return venue


def plan(venue: Path, fixture: str, show: str = SHOW) -> Plan:
    (venue.parent / "show.yaml").write_text(show)
    return load(write(venue, fixture), venue.parent / "show.yaml").plan


def only(found: Plan, name: str, cell: int = 0) -> Parameter:
    (one,) = [p for p in found.parameters if (p.name, p.cell) == (name, cell)]
    return one


def errors(venue: Path, fixture: str) -> str:
    return "\n".join(str(p) for p in check([write(venue, fixture)]))


def test_a_type_beside_the_venue_is_patched(venue: Path) -> None:
    found = plan(venue, "{type: acme/wanderer-3, mode: Full, at: 1/101}")
    assert only(found, "pan").slots == (101, 103)
    shutter = only(found, "shutter")
    assert (shutter.slots, shutter.snap) == ((105,), True)
    assert shutter.closed == ((0.0, 9 / 255),)
    assert found.fixtures[0].type == "acme/wanderer-3 Full"


def test_its_file_belongs_to_the_show(venue: Path) -> None:
    loaded = load(write(venue, "{type: acme/glow-bar, at: 1/1}"), venue.parent / "show.yaml")
    assert venue.parent / "fixtures" / "acme" / "glow-bar.json" in loaded.files


def test_labels_and_kinds_of_ranges_can_be_written(venue: Path) -> None:
    show = SHOW.replace("intensity: 50%", 'shutter: Strobe, colour-wheel: red, control: "No function"')
    found = plan(venue, "{type: acme/wanderer-3, mode: Full, at: 1/1}", show)
    moves = {found.parameters[m.parameter].name: round(m.value * 255) for m in found.lists[0].cues[0].moves}
    assert moves == {"shutter": 110, "colour-wheel": 24, "control": 104}


def test_a_span_keeps_a_fade_out_of_the_strobe(venue: Path) -> None:
    found = plan(venue, "{type: acme/wanderer-3, mode: Flash, at: 1/1}")
    import numpy as np

    patch = Patch(found)
    assert [int(patch.write(patch.steps(np.array([v], np.float32)))[0, 0]) for v in (0.0, 0.5, 1.0)] == [0, 67, 134]


def test_a_falling_span_and_invert_cancel(venue: Path) -> None:
    import numpy as np

    def tilt(more: str) -> list[int]:
        found = plan(venue, f"{{type: acme/glow-bar, mode: head, at: 1/1{more}}}")
        index = next(i for i, p in enumerate(found.parameters) if p.name == "tilt")
        patch, values = Patch(found), np.zeros(len(found.parameters), np.float32)
        written = []
        for value in (0.0, 0.25, 1.0):
            values[index] = value
            written.append(int(patch.write(patch.steps(values))[0, 4]))
        return written

    assert tilt("") == [255, 191, 0]
    assert tilt(", invert: tilt") == [0, 64, 255]


def test_cells_of_a_file_have_dimmers_of_their_own_and_one_for_all(venue: Path) -> None:
    found = plan(venue, "{type: acme/glow-bar, mode: pixels, at: 1/1}")
    whole = found.parameters.index(only(found, "intensity"))
    cell = found.parameters.index(only(found, "intensity", 1))
    assert only(found, "intensity").slots == ()
    assert only(found, "red", 1).masters == (whole, cell)
    assert only(found, "master-red").masters == (whole,)  # dark without it, whatever it is


def test_real_dimmers_of_cells_need_no_virtual_one(venue: Path) -> None:
    modes = [{"name": "own", "channels": ["Dim L", "Red L", "Dim M", "Red R"]}]
    (venue.parent / "fixtures" / "acme" / "glow-bar.json").write_bytes(ofl_bytes({**OFL, "modes": modes}))
    found = plan(venue, "{type: acme/glow-bar, at: 1/1}")
    whole = found.parameters.index(only(found, "intensity"))  # for the red one without
    bare = found.parameters.index(only(found, "intensity", 3))
    assert only(found, "intensity", 1).slots == (1,)
    assert not only(found, "intensity", 1).exempt
    assert only(found, "red", 1).masters == ()
    assert only(found, "red", 3).masters == (whole, bare)


def test_nothing_is_driven_by_what_is_dark(venue: Path) -> None:
    """At rest no fixture of any mode gives light: whatever dims stands at nothing."""
    for mode in ("Full", "Flash", "Cells", "Loose"):
        found = plan(venue, f"{{type: acme/wanderer-3, mode: {mode}, at: 1/1}}")
        dimmers = [p for p in found.parameters if p.name == "intensity" and p.cell == 0]
        assert [p.default for p in dimmers] == [0.0], mode


@pytest.mark.parametrize(
    ("fixture", "words"),
    [
        (
            "{type: acme/wanderer-4, at: 1/1}",
            "6:16: error: no fixture type is called `acme/wanderer-4` (did you mean `acme/wanderer-3`?)",
        ),
        ("{type: acme/wanderer-3, mode: Fall, at: 1/1}", "has no mode `Fall` (did you mean `Full`?): it has Full, Flash"),
        ("{type: acme/wanderer-3, mode: Broken, at: 1/1}", "wanderer-3.qxf:67:3: names the channel `Smell`"),
        ("{type: acme/wanderer-3, mode: Full, at: 1/510}", "runs past 512"),
        ("{type: acme/wanderer-3, home: {pan: 300deg}, at: 1/1}", "pan goes from -270deg to 270deg"),
    ],
)
def test_mistakes_are_told_where_the_venue_makes_them(venue: Path, fixture: str, words: str) -> None:
    assert words in errors(venue, fixture)


def test_a_broken_file_is_told_with_both_places(venue: Path) -> None:
    (venue.parent / "fixtures" / "acme" / "glow-bar.json").write_text("{\n]")
    text = errors(venue, "{type: acme/glow-bar, at: 1/1}")
    assert "venue.yaml:6:16: error: the file of `acme/glow-bar` cannot be used" in text
    assert "glow-bar.json:2:1: not JSON" in text
    assert "[E-fixture-file]" in text


def test_lamps_may_name_a_type_that_hangs(venue: Path) -> None:
    write(venue, "{type: acme/glow-bar, at: 1/1}")
    venue.write_text(venue.read_text() + "lamps: {acme/glow-bar: 20ms, acme/other: 1ms}\n")
    codes = [(p.line, p.code) for p in check([venue]) if p.code == "E-unknown-type"]
    assert codes == [(7, "E-unknown-type")]
