"""Arithmetic of groups: what a name means, in which order, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.names import Element, Names, Selection
from showctl.config.values import Bad

# par.1-4 are the units 0 to 3, bar.1-2 of three cells each the units 4 and 5.
NAMES = Names(
    cells=[1, 1, 1, 1, 3, 3],
    families={"par": [0, 1, 2, 3], "bar": [4, 5]},
    groups={"left": Selection((Element(1), Element(0), Element(4))), "tips": Selection((Element(5, 3), Element(4, 1)))},
    everything=[0, 1, 2, 3, 4, 5],
)


def selected(text: str) -> list[str]:
    """ "unit" or "unit:cell" of each element, in order."""
    return [f"{e.unit}:{e.cell}" if e.cell else str(e.unit) for e in NAMES.select(text).elements]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("par.4-2", "3 2 1"),
        ("par.reverse", "3 2 1 0"),
        ("left.reverse.1-2", "4 0"),
        ("par.odd + par", "0 2 1 3"),
        ("par - par.2", "0 2 3"),
        ("par.reverse - par.2", "3 2 0"),
        ("par & left", "0 1"),
        ("left & par", "1 0"),
        ("left & par + bar.2", "1 0 5"),
        ("bar.cells & left", "4:1 4:2 4:3"),
        ("bar.cells & tips", "4:1 5:3"),
        ("tips & bar.cells", "5:3 4:1"),
        ("tips.cells", "5:3 4:1"),
        ("bar - bar.1.cells.3", "4:1 4:2 5"),
        ("bar.cells - bar.2", "4:1 4:2 4:3"),
        ("bar + bar.1.cells", "4 5"),
        ("tips + bar", "4 5"),
        ("tips + bar.1", "5:3 4"),
        ("left.cells", "1 0 4:1 4:2 4:3"),
        ("par.1 + par.1 + par.1", "0"),
        ("bar.cells.odd", "4:1 4:3 5:2"),
    ],
)
def test_what_is_selected(text: str, wanted: str) -> None:
    assert selected(text) == wanted.split()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("par & bar", "E-empty-group"),
        ("bar.1 & bar.1.cells", "E-empty-group"),  # a whole fixture is not inside its cells
        ("par.0", "E-selection"),
        ("par.5-2", "E-selection"),
        ("par.rev", "E-selection"),
        ("par & nobody", "E-unknown-group"),
        (" + ".join(["par"] * 60), "E-selection"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    with pytest.raises(Bad) as caught:
        NAMES.select(text)
    assert caught.value.code == code


TERM = st.sampled_from(["par", "bar", "left", "tips", "all", "par.odd", "bar.cells", "left.reverse", "bar.1.cells.2-3"])


@given(TERM, st.lists(st.tuples(st.sampled_from("+-&"), TERM), max_size=6))
def test_laws_of_arithmetic(first: str, rest: list[tuple[str, str]]) -> None:
    """Nothing is there twice; `a - b` and `a & b` share nothing, and are all of `a` where no fixture is cut up."""
    text = first + "".join(f" {sign} {term}" for sign, term in rest)
    elements = selected_or_none(text)
    assert len(set(elements)) == len(elements)
    assert not {e.unit for e in elements if e.cell} & {e.unit for e in elements if not e.cell}
    for other in ("par", "bar", "tips"):
        kept, common = (selected_or_none(f"{text} {sign} {other}") for sign in "-&")
        assert not set(kept) & set(common)
        if not any(not e.cell and e.unit in (4, 5) for e in elements):
            assert set(kept) | set(common) == set(elements)
            assert [e for e in elements if e in set(kept)] == list(kept)


def selected_or_none(text: str) -> tuple[Element, ...]:
    """What is selected; nothing where nothing is left, which a file may not write."""
    try:
        return NAMES.select(text).elements
    except Bad as bad:
        if bad.code != "E-empty-group":
            raise
        return ()
