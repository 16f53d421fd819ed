"""The room's sound as remotes get it: numbers that JSON has, small, the same while nothing changes, and told in good time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from showctl.model import EqBand, EqState, Levels, LevelWarning, RoomView
from showctl.remote.board import Board
from showctl.remote.mqtt_news import News
from showctl.remote.room import level_json, room_json
from showctl.remote.web.metrics import metrics
from showctl.remote.web.stream import Publisher, encode
from tests.remote import fake_show

VIEW = fake_show.room(10.0)
LIMIT = fake_show.PA.levels[0]


def known(view: RoomView) -> tuple[EqState, Levels]:
    assert view.state is not None
    assert view.levels[1] is not None
    return view.state, view.levels[1]


STATE, LEVELS = known(VIEW)


def test_curves_are_tenths_of_a_decibel_and_null_where_nothing_is_trusted() -> None:
    body = room_json(VIEW)
    assert body is not None
    curves = body["curves"]
    assert {len(row) for row in curves.values()} == {53}
    assert [one is None for one in curves["before"]] == [trust == 0 for trust in curves["trust"]]
    assert curves["before"][:3] == [None, None, curves["before"][2]]
    assert curves["target"][0] == 5.0
    assert None not in curves["target"]
    assert VIEW.curves is not None
    shown = [one for one in curves["now"] if one is not None]
    assert shown == pytest.approx(VIEW.curves.now[np.isfinite(VIEW.curves.now)].tolist(), abs=0.051)
    assert (body["mode"], body["zone"], body["error"], body["bypassed"]) == ("advise", "main", 2.1, False)


def test_a_band_says_where_it_stands_whose_it_is_and_what_it_would_become() -> None:
    body = room_json(VIEW)
    assert body is not None
    second, fourth = body["bands"][1], body["bands"][3]
    assert second == {
        "number": 2,
        "owner": "showctl",
        "kind": "peaking",
        "freq": 142.0,
        "gain": -5.25,
        "q": 3.1,
        "wanted": {"kind": "peaking", "freq": 142.0, "gain": -6.5, "q": 3.1},
    }
    assert (fourth["owner"], fourth["wanted"]) == ("engineer", None)
    nothing_proposed = room_json(replace(VIEW, state=replace(STATE, proposal=())))
    assert nothing_proposed is not None
    assert [band["wanted"] for band in nothing_proposed["bands"]] == [None] * 6


def test_time_that_passes_is_no_news_and_nothing_is_no_number_that_json_lacks() -> None:
    later = replace(
        VIEW, time=99.0, state=replace(STATE, time=99.0, error=2.149), levels=(None, replace(LEVELS, time=99.0, la=80.0))
    )
    assert (room_json(later), level_json(later)) == (room_json(VIEW), level_json(VIEW))
    odd = replace(VIEW, state=replace(STATE, error=float("nan")), curves=None, howl=None)
    assert json.loads(encode("room", room_json(odd)))["room"]["error"] is None
    assert (room_json(None), level_json(None)) == (None, None)
    bare = RoomView(1.0, microphones=("a", "b"), levels=(None, None), limits=VIEW.limits)
    body = room_json(bare)
    assert body is not None
    assert (body["mode"], body["bands"], body["curves"]) == (None, [], None)
    assert level_json(bare) == {"limits": {"laeq_60": 99.0, "lcpeak": 135.0}, "microphones": [], "warnings": []}


def test_the_largest_message_is_small() -> None:
    """32 bands that all would change, 16 microphones that all warn of four limits."""
    band = EqBand("high_shelf", 12_345.6, -11.75, 10.25)
    state = replace(STATE, bands=(band,) * 32, owners=("showctl",) * 32, proposal=(band,) * 32, frozen="x" * 400)
    warning = LevelWarning(LIMIT, True, None, None, "w" * 200)
    loud = (replace(LEVELS, warnings=(warning,) * 4),) * 16
    most = replace(VIEW, state=state, words="x" * 500, levels=loud, microphones=tuple(f"microphone {n}" for n in range(16)))
    assert len(encode("room", room_json(most))) < 12_000
    assert len(encode("level", level_json(most))) < 24_000
    assert len(encode("room", room_json(VIEW))) < 3_000
    assert len(encode("level", level_json(VIEW))) < 500


def test_levels_are_told_of_each_calibrated_microphone_and_a_warning_names_it_where_there_are_several() -> None:
    body = level_json(VIEW)
    assert body is not None
    assert body["microphones"] == [
        {
            "name": "front of house",
            "laeq_1": 98.3,
            "laeq_15": 97.6,
            "laeq_60": 97.2,
            "lcpeak": 121.3,
            "lcpeak_60": 128.9,
            "minutes": 42,
            "clipped": False,
        }
    ]
    warned = replace(LEVELS, warnings=(LevelWarning(LIMIT, True, None, None, "too loud"),))
    both = level_json(replace(VIEW, levels=(warned, LEVELS)))
    assert both is not None
    assert both["warnings"] == [{"text": "balcony: too loud", "of": "laeq_60", "over": True}]
    one = level_json(replace(VIEW, levels=(None, warned)))
    assert one is not None
    assert one["warnings"][0]["text"] == "too loud"
    near = LevelWarning(LIMIT, False, 60.0, 3.0, "soon too loud")
    louder = replace(warned, laeq_60=warned.laeq_60 + 2, warnings=(replace(warned.warnings[0], text="far too loud"),))
    three = level_json(replace(VIEW, microphones=("a", "b", "c"), levels=(replace(LEVELS, warnings=(near,)), warned, louder)))
    assert three is not None
    assert three["warnings"] == [{"text": "c, b, a: far too loud", "of": "laeq_60", "over": True}], "of each limit one"


def test_it_is_in_the_state_and_in_the_metrics() -> None:
    board = Board(fake_show.plan())
    state = board.state_json()
    assert (state["room"], state["level"]) == (None, None)
    assert b"showctl_sound_level_db" not in metrics(board, {})
    board.hear_room(VIEW)
    state = json.loads(json.dumps(board.state_json(), allow_nan=False))
    assert (state["room"], state["level"]) == (room_json(VIEW), level_json(VIEW))
    text = metrics(board, {}).decode()
    assert 'showctl_sound_level_db{microphone="front of house",of="laeq_60"} 97.2' in text
    assert 'microphone="balcony"' not in text
    assert "showctl_room_frozen 0.0" in text
    assert "showctl_room_error_db 2.1" in text
    board.hear_room(replace(VIEW, state=replace(STATE, frozen="no music", error=None)))
    text = metrics(board, {}).decode()
    assert "showctl_room_frozen 1.0" in text
    assert "showctl_room_error_db" not in text


def test_the_page_is_told_of_a_room_where_there_is_one_and_only_of_what_changed() -> None:
    board = Board(fake_show.plan())
    publisher = Publisher(board, lambda: 10.0)
    assert not {"room", "level"} & set(publisher.refresh())
    board.hear_room(VIEW)
    assert {"room", "level"} <= set(publisher.refresh())
    board.hear_room(replace(VIEW, time=11.0))
    assert not {"room", "level"} & set(publisher.refresh())
    board.hear_room(replace(VIEW, levels=(None, replace(LEVELS, laeq_1=98.4))))
    assert publisher.refresh() == ["level"]
    board.hear_room(fake_show.room(10.0, error=1.4))
    assert publisher.refresh() == ["room", "level"]


# --- MQTT ------------------------------------------------------------------------------------------------------------


def told(news: News, board: Board, now: float) -> dict[str, Any]:
    return {word: json.loads(payload) for word, payload in news.of(board, now) if word in ("room", "level")}


def test_the_broker_is_told_of_facts_within_a_second_and_of_figures_every_five() -> None:
    board, news = Board(fake_show.plan()), News()
    assert told(news, board, 0.0) == {}
    board.hear_room(VIEW)
    assert told(news, board, 0.25) == {"room": room_json(VIEW), "level": level_json(VIEW)}
    assert told(news, board, 60.0) == {}
    board.hear_room(fake_show.room(11.0, loud=97.3, error=2.0))
    assert set(told(news, board, 60.25)) == {"room", "level"}  # the last was long ago
    board.hear_room(fake_show.room(12.0, loud=97.4, error=1.9))
    assert told(news, board, 61.5) == {}
    assert set(told(news, board, 65.25)) == {"room", "level"}
    board.hear_room(fake_show.room(13.0, loud=99.4, error=1.9, frozen="the programme is silent"))
    assert told(news, board, 66.0) == {}  # within a second of the last
    assert told(news, board, 66.25)["room"]["frozen"] == "the programme is silent"
    board.hear_room(fake_show.room(14.0, loud=99.5, error=1.9, frozen="the programme is silent: for 2 s"))
    assert told(news, board, 67.5) == {}  # other words of the same fact


def test_who_hands_a_band_over_is_told_within_a_second() -> None:
    board, news = Board(fake_show.plan()), News()
    board.hear_room(VIEW)
    told(news, board, 0.0)
    board.hear_room(replace(VIEW, state=replace(STATE, owners=("engineer",) * 6)))
    assert told(news, board, 0.75) == {}
    assert {band["owner"] for band in told(news, board, 1.0)["room"]["bands"]} == {"engineer"}


def test_a_room_that_is_gone_with_a_reload_is_taken_back_from_the_broker_once() -> None:
    board, news = Board(fake_show.plan()), News()
    board.hear_room(VIEW)
    told(news, board, 0.0)
    board.hear_room(None)
    assert [one for one in news.of(board, 0.25) if one[0] in ("room", "level")] == [("room", ""), ("level", "")]
    assert told(news, board, 60.0) == {}
    board.hear_room(VIEW)
    assert set(told(news, board, 60.25)) == {"room", "level"}
