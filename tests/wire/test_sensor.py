"""What sensors say: plain numbers, JSON of gateways, and nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import WireError
from showctl.wire.sensor import LIMITS, reading


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b"21.4", 21.4),
        (b" 21,4 \xc2\xb0C\n", 21.4),
        (b"45%", 45.0),
        (b"+21", 21.0),
        (b'{"temperature": 21.4, "humidity": 45, "battery": 97}', 21.4),
        (b'{"temperature": 21}', 21.0),
    ],
)
def test_readings(payload: bytes, value: float) -> None:
    assert reading(payload, "temperature") == value


def test_one_message_tells_both() -> None:
    assert reading(b'{"temperature": 21.4, "humidity": 45}', "humidity") == 45.0


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"warm", b"nan", b"1e5", b"21 F", b"85", b"-30", b"\xff\xfe", b"1" * 5000, b"[" * 4000),
        *(b"{}", b'{"temperature": "21"}', b'{"temperature": true}', b"[21]", b'{"temperature": NaN}', b'{"temp": 21}'),
        b'{"temperature": ' + b"9" * 400 + b"}",
    ],
)
def test_nonsense_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        reading(payload, "temperature")


@given(st.binary(max_size=60) | st.text('0123456789.,-+ C%{}":humidity', max_size=40).map(str.encode))
def test_any_bytes_are_a_reading_within_limits_or_refused(payload: bytes) -> None:
    try:
        value = reading(payload, "humidity")
    except WireError:
        return
    assert LIMITS["humidity"][0] <= value <= LIMITS["humidity"][1]
