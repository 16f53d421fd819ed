"""Files as a whole: headers, includes, the demo and the examples, and files that somebody mangled."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from showctl.config.load import check, load, load_venue
from showctl.model import ConfigError

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "showctl" / "demo"
PAIRS = [
    (DEMO / "venue.yaml", DEMO / "show.yaml"),
    (ROOT / "venues" / "small-club.yaml", ROOT / "cues" / "evening.yaml"),
]


def write(folder: Path, **files: str) -> list[Path]:
    """`venue` and `show` get their headers; names with another kind in front of `_` too."""
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(f"showctl: 1\nkind: {name.split('_')[0]}\n{text}", encoding="utf-8")
    return paths


def codes(*paths: Path) -> list[tuple[str, int, str]]:
    return [(Path(p.path).name, p.line, p.code) for p in check(paths)]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[1].stem)
def test_demo_and_examples_are_right_together_and_alone(pair: tuple[Path, Path]) -> None:
    assert check(pair) == []
    assert check(pair[:1]) == []
    assert check(pair[1:]) == []
    loaded = load(*pair)
    assert loaded.warnings == ()
    assert set(loaded.files) >= set(pair)


def test_every_file_of_venues_and_cues_is_right() -> None:
    for path in [*(ROOT / "venues").glob("*.yaml"), *(ROOT / "cues").glob("*.yaml")]:
        assert not [p for p in check([path]) if p.severity == "error"]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("kind: venue\n", 1, "E-header"),
        ("showctl: 1\n", 1, "E-header"),
        ("name: x\nshowctl: 1\nkind: venue\n", 1, "E-header"),
        ("showctl: 2\nkind: venue\n", 1, "E-version"),
        ("showctl: 1.0\nkind: venue\n", 1, "E-version"),
        ("showctl: 1\nkind: venu\n", 2, "E-kind"),
        ("showctl: 1\nkind: [venue]\n", 2, "E-kind"),
        ("- showctl: 1\n", 1, "E-header"),
        ("venue\n", 1, "E-header"),
    ],
)
def test_headers(tmp_path: Path, text: str, line: int, code: str) -> None:
    (tmp_path / "f.yaml").write_text(text)
    assert codes(tmp_path / "f.yaml") == [("f.yaml", line, code)]


def test_the_order_of_venue_and_show_matters_to_load_and_not_to_check() -> None:
    venue, show = PAIRS[0]
    assert check([show, venue]) == []
    with pytest.raises(ConfigError) as caught:
        load(show, venue)
    assert [p.code for p in caught.value.problems] == ["E-kind", "E-kind"]


def test_two_venues_are_one_too_many(tmp_path: Path) -> None:
    paths = write(tmp_path, venue="name: a\n", venue_2="name: b\n")
    assert codes(*paths) == [("venue_2.yaml", 2, "E-two-of-a-kind")]


def test_a_venue_by_itself(tmp_path: Path) -> None:
    [path] = write(tmp_path, venue="universes: {1: {to: multicast}}\non_stop: terminate\norphan: 500ms\n")
    venue = load_venue(path)
    assert venue.universes[1].to == "multicast"
    assert venue.on_stop == "terminate"
    assert venue.orphan == 0.5
    with pytest.raises(ConfigError):
        load_venue(tmp_path / "nobody.yaml")


def test_settings_of_the_driver(tmp_path: Path) -> None:
    [path] = write(
        tmp_path,
        venue="network: {interface: eth1}\nosc: {listen: 0.0.0.0:9000, allow: [10.0.0.7/8]}\n"
        "web: {listen: 0.0.0.0:80, tokens: [correct-horse]}\nmqtt: {host: broker.local, topic: club}\n"
        "audio: {in: file:song.wav, latency: 20ms}\non_stop: look safe\nlooks: {safe: {}}\nlamps: {generic/dimmer: 60ms}\n",
    )
    venue = load_venue(path)
    assert venue.network.interface == "eth1"
    assert venue.osc.listen == "0.0.0.0:9000"
    assert venue.osc.allow == ["10.0.0.0/8"]
    assert venue.web.tokens == ["correct-horse"]
    assert venue.mqtt is not None
    assert (venue.mqtt.host, venue.mqtt.port, venue.mqtt.topic) == ("broker.local", 1883, "club")
    assert (venue.audio.input, venue.audio.rate, venue.audio.latency) == ("file:song.wav", 48_000, 0.02)
    assert venue.on_stop == ("look", "safe")
    assert venue.lamps == {"generic/dimmer": 0.06}


# --- include ---------------------------------------------------------------------------------------------------------


def test_included_files_are_one_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts", venue_lamps="fixtures: {b: {type: generic/dimmer, at: 1/2}}\ngroups: {two: [a, b]}\n")
    venue, show = write(
        tmp_path,
        venue="include: [parts/venue_lamps.yaml]\nuniverses: {1: {}}\nfixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
        show="cues: [{cue: 1, set: {two: {intensity: full}}}]\n",
    )
    loaded = load(venue, show)
    assert [f.name for f in loaded.plan.fixtures] == ["a", "b"]
    assert [f.name for f in loaded.files] == ["venue.yaml", "venue_lamps.yaml", "show.yaml"]


def test_mistakes_are_reported_in_the_file_they_stand_in(tmp_path: Path) -> None:
    write(tmp_path, venue_2="fixtures:\n  a: {type: generic/dimmer, at: 1/1}\n  c: {type: generic/dimmer, at: 1/1}\n")
    [path] = write(
        tmp_path, venue="include: [venue_2.yaml]\nuniverses: {1: {}}\nfixtures: {a: {type: generic/dimmer, at: 1/9}}\n"
    )
    assert codes(path) == [("venue_2.yaml", 4, "E-name-twice")]
    (tmp_path / "venue_2.yaml").write_text("showctl: 1\nkind: venue\nfixtures:\n  c: {type: generic/dimmer, at: 1/9}\n")
    assert codes(path) == [("venue_2.yaml", 4, "E-overlap")]


def test_cycles_and_wrong_kinds(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        venue="include: [venue_2.yaml, show.yaml, ./../" + tmp_path.name + "/venue.yaml]\n",
        venue_2="include: [venue.yaml]\n",
        show="",
    )
    assert sorted(codes(paths[0])) == [
        ("show.yaml", 2, "E-kind"),
        ("venue.yaml", 3, "E-include-cycle"),
        ("venue_2.yaml", 3, "E-include-cycle"),
    ]


# --- mangled files ---------------------------------------------------------------------------------------------------


@functools.cache
def texts(which: int) -> tuple[bytes, bytes]:
    venue, show = PAIRS[which]
    return venue.read_bytes(), show.read_bytes().replace(b"include: [evening-colours.yaml]\n", b"")


CUT = st.tuples(
    st.integers(0, 10**6),
    st.integers(0, 60),
    st.binary(max_size=12) | st.sampled_from([b"\n", b": ", b"- ", b"{", b"&a", b"*a", b"'", b"0", b"%"]),
)
LINES = st.tuples(st.sampled_from(["drop", "double", "swap", "indent"]), st.integers(0, 10**6), st.integers(0, 10**6))


def mangle(data: bytes, cuts: list[tuple[int, int, bytes]], moves: list[tuple[str, int, int]]) -> bytes:
    lines = data.split(b"\n")
    for what, i, j in moves:
        i, j = i % len(lines), j % len(lines)
        if what == "drop":
            del lines[i]
            lines = lines or [b""]
        elif what == "double":
            lines.insert(j, lines[i])
        elif what == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        else:
            lines[i] = b"  " + lines[i]
    data = b"\n".join(lines)
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 1),
    st.lists(CUT, max_size=3),
    st.lists(LINES, max_size=3),
    st.lists(CUT, max_size=3),
    st.lists(LINES, max_size=3),
)
def test_mangled_files_raise_nothing_but_config_errors(tmp_path: Path, which: int, cuts, moves, show_cuts, show_moves) -> None:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_bytes(mangle(texts(which)[0], cuts, moves))
    show.write_bytes(mangle(texts(which)[1], show_cuts, show_moves))
    problems = check([venue, show])
    assert all(len(str(p).splitlines()) == 1 for p in problems)
    if any(p.severity == "error" for p in problems):
        with pytest.raises(ConfigError):
            load(venue, show)
    else:
        loaded = load(venue, show)
        assert all(0.0 <= m.value <= 1.0 for one in loaded.plan.lists for cue in one.cues for m in cue.moves)
