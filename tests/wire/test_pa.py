"""What the daemon and the in-process equaliser say to each other: the same comes back, and nonsense is a WireError."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import EqBand, State, WireError
from showctl.wire import pa

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ABOVE = st.floats(0, exclude_min=True, allow_infinity=False)
BANDS = st.lists(st.builds(EqBand, st.sampled_from(["peaking", "low_shelf", "high_shelf"]), ABOVE, FINITE, ABOVE), max_size=4)
WANTED = st.lists(BANDS.map(tuple), max_size=3).map(tuple)
ROUTE = st.tuples(st.integers(0, 63), st.integers(0, 63))
SETUP = st.builds(
    pa.PaSetup,
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(st.lists(ROUTE, max_size=4).map(tuple), max_size=3).map(tuple),
)
LIMITS = st.builds(
    pa.PaLimits,
    st.tuples(st.floats(-20, 0), st.floats(0, 20)),
    st.floats(0, 20),
    st.tuples(st.floats(0.1, 1), st.floats(1, 20)),
)
COUNT = st.integers(0, 2**40)
STATUS = st.builds(
    pa.PaStatus,
    st.sampled_from(State),
    st.text(max_size=99),
    SETUP,
    LIMITS,
    WANTED,
    st.booleans(),
    COUNT,
    COUNT,
    st.text(max_size=99),
    COUNT,
)


@given(SETUP, LIMITS, WANTED, STATUS)
def test_what_was_said_comes_back(setup, limits, wanted, status):
    assert pa.decode_setup(pa.encode_setup(setup)) == setup
    assert pa.decode_told(pa.encode_limits(limits)) == limits
    for quick in (False, True):
        assert pa.decode_told(pa.encode_wanted(pa.PaWanted(wanted, quick))) == pa.PaWanted(wanted, quick)
    assert pa.decode_status(pa.encode_status(status)) == status


JSON = st.recursive(st.none() | st.booleans() | FINITE | st.text(max_size=5), lambda c: st.lists(c, max_size=4) | st.dictionaries(
    st.sampled_from(["type", "zones", "limits", "in", "out", "gain", "q", "boost", "state", "setup", "held", "moving"]), c
), max_leaves=20)  # fmt: skip


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nonsense_is_refused(data):
    for decode in (pa.decode_told, pa.decode_status, pa.decode_setup):
        with pytest.raises(WireError):
            decode(data)


@pytest.mark.parametrize(
    "zones",
    [
        '[[["peaking", 100, NaN, 1]]]',
        '[[["notch", 100, 0, 1]]]',
        '[[["peaking", 100, 0]]]',
        '[["peaking"]]',
        "[[[[], 1, 1, 1]]]",
        "7",
    ],
)
def test_a_band_that_is_none_is_refused(zones):
    with pytest.raises(WireError):
        pa.decode_told(f'{{"type": "wanted", "quick": false, "zones": {zones}}}'.encode())


@pytest.mark.parametrize(
    "limits", ['[3, -12], "boost": 0', '[-12, 3], "boost": -1', '[-12], "boost": 0', '[-12, 3], "boost": null']
)
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(WireError):
        pa.decode_told(f'{{"type": "limits", "q": [0.5, 8], "gain": {limits}}}'.encode())
