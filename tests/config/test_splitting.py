"""Law: into how many files a show is cut, and where, changes nothing of what is played."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import showctl.demo
from showctl.config.load import load
from showctl.model import BeatGrid, Features, Go, Inputs
from showctl.plan import Plan
from showctl.show.engine import ShowEngine

DEMO = Path(showctl.demo.__file__).parent
HEAD = ("showctl", "kind", "name", "venue")  # what stays in the first file, as every file has its own


def cut(path: Path, into: Path, data: st.DataObject) -> None:
    """Write the file in up to four pieces: whole keys, entries of mappings and runs of lists, wherever chance puts them."""
    whole = yaml.load(path.read_text(), yaml.BaseLoader)
    count = data.draw(st.integers(1, 4), label=f"pieces of {path.name}")
    pieces: list[dict[str, object]] = [{} for _ in range(count)]
    piece = st.integers(0, count - 1)
    for key, value in whole.items():
        if key in HEAD:
            continue
        if isinstance(value, dict) and key in (
            "fixtures",
            "groups",
            "positions",
            "points",
            "looks",
            "effects",
            "submasters",
            "lists",
        ):
            for name, one in value.items():
                target = pieces[data.draw(piece)]
                target.setdefault(key, {})[name] = one  # type: ignore[index]
        else:
            pieces[data.draw(piece)][key] = value
    for i, one in enumerate(pieces):
        begins = {"showctl": "1", "kind": whole["kind"]}
        if i == 0:
            begins |= {key: whole[key] for key in HEAD if key in whole}
            if count > 1:
                begins["include"] = [f"{i}-{into.name}" for i in range(1, count)]
        name = into if i == 0 else into.with_name(f"{i}-{into.name}")
        name.write_text(yaml.safe_dump(begins | one, sort_keys=False, allow_unicode=True))


def played(plan: Plan) -> list[bytes]:
    """The frames of a night that walks through the show to a steady beat."""
    engine, frames = ShowEngine(plan), []
    for i in range(120):
        t = i / 4
        controls = (Go(time=t),) if i % 8 == 4 else ()
        grid = BeatGrid(anchor=t, index=2 * i, period=0.5, bar_position=1, confidence=1.0)
        heard = Features(time=t, level=-20.0, energy=0.5, grid=grid if i % 2 == 0 else None)
        frames.append(engine.step(t, Inputs((heard,), controls)).slots.tobytes())
    return frames


WHOLE = load(DEMO / "venue.yaml", DEMO / "show.yaml").plan
FRAMES = played(WHOLE)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.data())
def test_splitting_files_changes_nothing(tmp_path: Path, data: st.DataObject) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    cut(DEMO / "venue.yaml", tmp_path / "venue.yaml", data)
    cut(DEMO / "show.yaml", tmp_path / "show.yaml", data)
    plan = load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan
    assert len(plan.parameters) == len(WHOLE.parameters)
    assert {one.name for one in plan.palettes} == {one.name for one in WHOLE.palettes}
    assert played(plan) == FRAMES
