"""Every fixture of Debian's qlcplus-data: each mode loads and can be patched, or is refused with a reason."""

from __future__ import annotations

import pytest

from showctl.config import schema, values
from showctl.config.colour import MIXES
from showctl.config.paint import paint
from showctl.config.patch import _unit
from showctl.fixtures import qxf
from showctl.fixtures.check import check
from showctl.fixtures.library import QLCPLUS, Library, Place, files
from showctl.fixtures.model import FixtureType, Kind
from showctl.plan import Parameter
from showctl.plan import Place as Where

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not QLCPLUS.is_dir(), reason="qlcplus-data is not installed (apt install qlcplus-data)"),
]


@pytest.fixture(scope="module")
def types() -> list[FixtureType]:
    return [qxf.read(path.read_bytes(), str(path), name) for name, path in files(Place(QLCPLUS, "qlcplus/"))]


def test_less_than_one_in_a_hundred_is_refused() -> None:
    result = check(QLCPLUS)
    assert result.files > 1000
    assert result.loaded > 3000
    assert len(result.refused) < 0.01 * result.loaded
    assert all(len(one.reason) > 10 for one in result.refused)


def test_every_name_is_one_file_and_leads_back_to_it(types: list[FixtureType]) -> None:
    names = [t.name for t in types]
    assert len(set(names)) == len(names)
    library = Library((Place(QLCPLUS, "qlcplus/"),))
    for one in types[::50]:
        assert library.find(one.name) == one


def test_every_slot_is_taken_once_and_within_the_mode(types: list[FixtureType]) -> None:
    for one in types:
        for mode in one.modes.values():
            offsets = [offset for channel in mode.channels for offset in channel.offsets]
            assert len(set(offsets)) == len(offsets), (one.name, mode.name)
            assert mode.footprint <= 512
            assert len({(c.name, c.cell) for c in mode.channels}) == len(mode.channels), (one.name, mode.name)


def test_nothing_rests_in_a_reset_where_there_is_anything_else(types: list[FixtureType]) -> None:
    for one in types:
        for mode in one.modes.values():
            for channel in mode.channels:
                kinds = {r.kind for r in channel.ranges}
                at = next((r.kind for r in channel.ranges if r.first <= channel.default * 255 < r.last + 1), None)
                assert at is not Kind.DANGER or kinds == {Kind.DANGER}, (one.name, mode.name, channel.name)
                assert Kind.DANGER not in kinds or channel.snap, (one.name, mode.name, channel.name)


def test_moving_heads_have_fine_pans(types: list[FixtureType]) -> None:
    heads = [c for t in types if t.kind == "spot" for m in t.modes.values() for c in m.channels if c.name == "pan"]
    assert sum(len(c.offsets) == 2 for c in heads) > 400
    assert sum(c.degrees is not None for c in heads) > 0.9 * len(heads)


def test_a_colour_finds_its_way_on_every_mode(types: list[FixtureType]) -> None:
    """What mixes or has a wheel with colours shows it, within range and away from what is dangerous."""
    wanted = [values.tint(text) for text in ("#ff2000", "2900K", "gel L201")]
    fixture = schema.Fixture.model_validate({"type": "any", "at": ["1/1"]})
    shown = 0
    for one in types:
        for mode in one.modes.values():
            table: list[Parameter] = []
            unit = _unit("a", "a", one, mode, Where(), fixture, 1, 1, table)
            for tint in wanted:
                levels = paint(unit, 0, tint).levels
                assert all(0 <= value <= 1 for value in levels.values()), (one.name, mode.name)
                for index, value in levels.items():
                    channel = mode.channel(table[index].name, table[index].cell)
                    at = next((r.kind for r in channel.ranges if r.first <= value * 255 <= r.last), None) if channel else None
                    assert at is not Kind.DANGER, (one.name, mode.name, table[index].name)
            shown += bool(levels)
            mixes = any(
                emitters <= {p.name for p in table if p.cell == cell} for emitters in MIXES[:3] for cell in range(mode.cells + 1)
            )
            assert levels or not mixes, (one.name, mode.name)
    assert shown > 2500
