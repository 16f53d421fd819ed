"""The room's sound in a venue file: what becomes of it, and every mistake at its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from showctl.config.load import attempt, check, load
from showctl.config.loaded import venue_of
from showctl.config.pa import celsius, console_address, decibels, quality
from showctl.config.values import Bad
from showctl.model import LevelLimit
from showctl.plan import PaClimate, PaMicrophone, PaPlan, PaTemplate, PaZone
from showctl.wire import plan as wire
from showctl.wire.x32 import equaliser

VENUE = """\
showctl: 1
kind: venue
name: Room
universes: {1: {to: 127.0.0.1}}
fixtures: {par: {type: generic/rgbw, mode: drgbw, at: 1/1}}
groups: {wash: [par]}
"""
SHOW = "showctl: 1\nkind: show\ncues: [{cue: 1, set: {wash: {intensity: 5%}}}]\n"
FULL = """\
audio: {in: Scarlett, channels: [1, 2], ltc: 8}
pa:
  mode: auto
  out: HDMI
  programme: [1, 2]
  console: {type: x32, address: 10.0.0.5}
  zones:
    main: {out: [1, 2], console: main}
    delay: {out: 3, console: mtx/02}
    foyer: {out: 4, device: camilladsp}
  microphones:
    left: {in: 3, calibration: mics/left.cal, place: {x: -4m, y: -10m, z: 2m}, sensitivity: -28dB}
    right: {in: 4}
  target: target.txt
  notches: 2
  limits: {gain: [-9dB, +2dB], boost: 1dB, q: [0.7, 6]}
  spl_limit: {laeq: 99dB, minutes: 15, lcpeak: 135dB}
  climate:
    {temperature: 24C, humidity: 45%, distance: 20m, microphones: 8m, judged: {temperature: 18C, humidity: 30%},
     sensor: {temperature: hall/air, humidity: hall/humidity}}
mqtt: {host: 10.0.0.2}
"""
MARK = re.compile("⟦([EW]-[a-z0-9-]+)⟧")


def files(folder: Path, pa: str) -> list[Path]:
    (folder / "venue.yaml").write_text(VENUE + pa, encoding="utf-8")
    (folder / "show.yaml").write_text(SHOW)
    (folder / "mics").mkdir(exist_ok=True)
    (folder / "mics" / "left.cal").write_text("1000 0\n")
    (folder / "target.txt").write_text("80 5\n250 0\n")
    return [folder / "venue.yaml", folder / "show.yaml"]


def test_all_of_it_is_in_the_plan_and_gets_to_the_daemon(tmp_path: Path) -> None:
    paths = files(tmp_path, FULL)
    assert [str(problem) for problem in check(paths)] == []
    loaded = load(*paths)
    assert loaded.plan.pa == PaPlan(
        mode="auto",
        card_in="Scarlett",
        card_out="HDMI",
        programme=(1, 2),
        zones=(
            PaZone("main", (1, 2), "main", 6, "x32"),
            PaZone("delay", (3,), "mtx/2", 6, "x32"),
            PaZone("foyer", (4,), "", 0, "camilladsp"),
        ),
        microphones=(
            PaMicrophone("left", 3, str(tmp_path / "mics" / "left.cal"), (-4.0, -10.0, 2.0), -28.0),
            PaMicrophone("right", 4),
        ),
        console="x32",
        host="10.0.0.5",
        port=10023,
        target=str(tmp_path / "target.txt"),
        gain=(-9.0, 2.0),
        boost=1.0,
        q=(0.7, 6.0),
        levels=(LevelLimit("laeq_15", 99.0), LevelLimit("lcpeak", 135.0)),
        climate=PaClimate(24.0, 45.0, 20.0, 8.0, (18.0, 30.0), ("hall/air", "hall/humidity")),
        notches=2,
    )
    assert wire.decode(wire.encode(loaded.plan)) == loaded.plan
    assert venue_of("Room", loaded.settings).pa is None  # of this the daemon has what is in the plan, which a reload changes
    assert [equaliser("x32", zone.console).prefix for zone in loaded.plan.pa.zones[:2]] == ["/main/st/eq", "/mtx/02/eq"]


def test_what_is_left_out_is_safe(tmp_path: Path) -> None:
    plan = load(*files(tmp_path, "pa: {microphones: {a: {in: 1}}, zones: {main: {out: 1}}}\n")).plan.pa
    assert plan == PaPlan(zones=(PaZone("main", (1,)),), microphones=(PaMicrophone("a", 1),))
    assert (plan.mode, plan.gain, plan.boost) == ("advise", (-12.0, 3.0), 0.0)
    assert load(*files(tmp_path, "")).plan.pa is None


def test_a_calibration_that_changes_is_another_version_of_the_files(tmp_path: Path) -> None:
    paths = files(tmp_path, FULL)
    before = attempt(*paths)
    assert tmp_path / "mics" / "left.cal" in before.files
    (tmp_path / "mics" / "left.cal").write_text("1000 1\n")
    assert attempt(*paths).version != before.version


@pytest.mark.parametrize(
    ("text", "programme"),
    [
        ("audio: {in: Desk, channels: [5, 6]}\npa: {microphones: {a: {in: 1}}}\n", (5, 6)),
        ("audio: {in: Desk, channels: [5, 6]}\npa: {in: Desk, microphones: {a: {in: 1}}}\n", (5, 6)),
        ("audio: {in: Desk, channels: [5, 6]}\npa: {in: Other, microphones: {a: {in: 1}}}\n", ()),
        ("audio: {in: Desk, channels: [5, 6]}\npa: {programme: 7, microphones: {a: {in: 5}}}\n", (7,)),
    ],
)
def test_a_programme_that_is_left_out_is_what_the_show_listens_to(text: str, programme: tuple[int, ...], tmp_path: Path) -> None:
    paths = files(tmp_path, text)
    assert [str(problem) for problem in check(paths)] == []
    pa = load(*paths).plan.pa
    assert pa is not None
    assert pa.programme == programme


def test_an_x_air_and_its_port(tmp_path: Path) -> None:
    text = "pa: {console: {type: xr18, address: 10.0.0.6:7000}, zones: {main: {out: 1, console: main}}}\n"
    pa = load(*files(tmp_path, text)).plan.pa
    assert pa is not None
    assert (pa.console, pa.host, pa.port, pa.zones[0].device) == ("xr18", "10.0.0.6", 7000, "xr18")


def test_a_filter_chain_has_a_node_and_its_filters_are_found_there(tmp_path: Path) -> None:
    text = "pa: {console: {type: pipewire, node: venue.eq}, zones: {main: {out: 1, console: main}}}\n"
    pa = load(*files(tmp_path, text)).plan.pa
    assert pa is not None
    assert (pa.console, pa.node, pa.place, pa.zones) == (
        "pipewire",
        "venue.eq",
        "venue.eq",
        (PaZone("main", (1,), "main", 0, "pipewire"),),
    )


def test_camilladsp_and_its_port(tmp_path: Path) -> None:
    text = "pa: {console: {type: camilladsp, address: 127.0.0.1}, zones: {main: {out: 1, console: PA left}}}\n"
    pa = load(*files(tmp_path, text)).plan.pa
    assert pa is not None
    assert (pa.console, pa.host, pa.port) == ("camilladsp", "127.0.0.1", 1234)
    assert pa.zones == (PaZone("main", (1,), "PA left", 0, "camilladsp"),)


MAIN = "zones: {main: {out: 1, console: main}}"
NOTCHED = f"console: {{type: x32, address: 10.0.0.5}}, {MAIN}, microphones: {{a: {{in: 3}}}}"
MIXER = "consoles: {a: {transport: tcp, bands: 4, set: '{band} {freq} {gain} {q}'}}\n"
LINES = """\
consoles:
  mixer:
    transport: tcp
    end: crlf
    bands: 4
    set: ["EQ {equaliser} {band:02} {freq:.0f} {gain:.1f} {q:.2f}", "SAVE"]
    ask: "EQ {equaliser} {band:02} ?"
    answer: "EQ {equaliser} {band} {freq} {gain} {q}"
    alive: PING
    every: 10s
pa: {console: {type: template, template: mixer, address: 10.0.0.9:23}, zones: {main: {out: 1, console: hall/left}}}
"""


def test_a_console_by_its_own_lines(tmp_path: Path) -> None:
    plan = load(*files(tmp_path, LINES)).plan
    pa = plan.pa
    assert pa is not None
    line = "EQ {equaliser} {band:02} {freq:.0f} {gain:.1f} {q:.2f}"
    assert pa.template == PaTemplate(
        "tcp",
        4,
        (line, "SAVE"),
        ("EQ {equaliser} {band:02} ?",),
        ("EQ {equaliser} {band} {freq} {gain} {q}",),
        alive=("PING",),
        every=10.0,
        end="\r\n",
    )
    assert (pa.console, pa.host, pa.port, pa.zones) == (
        "template",
        "10.0.0.9",
        23,
        (PaZone("main", (1,), "hall/left", 0, "template"),),
    )
    assert wire.decode(wire.encode(plan)) == plan


def test_a_console_that_cannot_be_asked_is_never_followed_by_itself(tmp_path: Path) -> None:
    text = LINES.replace("    ask:", "    #").replace("    answer:", "    #")
    assert not check(files(tmp_path, text))
    [problem] = check(files(tmp_path, text.replace("pa: {", "pa: {mode: auto, ")))
    assert (problem.code, problem.column) == ("E-clash", 12)
    assert "hands that it cannot see" in problem.text


def test_the_q_sys_of_the_document_is_right(tmp_path: Path) -> None:
    assert [str(problem) for problem in check(files(tmp_path, q_sys()))] == []


def q_sys() -> str:
    """The example of docs/sound-engineer.md."""
    text = (Path(__file__).parents[2] / "docs" / "sound-engineer.md").read_text(encoding="utf-8")
    [consoles] = re.findall(r"^```yaml\n(consoles:\n  qsys:.*?)^```", text, re.MULTILINE | re.DOTALL)
    [pa] = re.findall(r"^```yaml\n(pa:\n  console: {type: template.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(consoles + pa)


def test_internal_needs_no_address(tmp_path: Path) -> None:
    pa = load(*files(tmp_path, "pa: {mode: auto, console: {type: internal}, zones: {main: {out: 1}}}\n")).plan.pa
    assert pa is not None
    assert (pa.console, pa.host, pa.zones[0].device) == ("internal", "", "generic")


DESK = "console: {type: x32, address: 10.0.0.5}"
AIR = "temperature: 21C, humidity: 45%, distance: 20m"
WRONG = {
    "a key": "pa: {⟦E-unknown-key⟧zone: {}}\n",
    "an equaliser": f"pa: {{{DESK}, zones: {{main: {{out: 1, console: ⟦E-console⟧mian}}}}}}\n",
    "a matrix too many": f"pa: {{{DESK}, zones: {{main: {{out: 1, console: ⟦E-console⟧mtx/7}}}}}}\n",
    "no console": "pa: {zones: {main: {out: 1, console: ⟦E-clash⟧main}}}\n",
    "one for two": f"pa: {{{DESK}, zones: {{a: {{out: 1, console: mtx/1}}, b: {{out: 2, console: ⟦E-clash⟧mtx/01}}}}}}\n",
    "a type, and no more is said": "pa: {console: {type: ⟦E-choice⟧x23}, zones: {a: {out: 1, console: main}}}\n",
    "a console without address": "pa: {console: ⟦E-missing-key⟧{type: x32}}\n",
    "an address that is none": "pa: {console: {type: x32, address: ⟦E-ip⟧mixer}}\n",
    "a port that is none": "pa: {console: {type: x32, address: ⟦E-listen⟧10.0.0.5:0}}\n",
    "an address for nothing": "pa: {console: {type: internal, address: ⟦E-clash⟧10.0.0.5}}\n",
    "CamillaDSP nowhere": "pa: {console: ⟦E-missing-key⟧{type: camilladsp}}\n",
    "a number for a name": "pa: {console: {type: camilladsp, address: 10.0.0.5}, zones: {a: {out: 1, console: ⟦E-console⟧x1}}}\n",
    "a filter-chain without node": "pa: {console: ⟦E-missing-key⟧{type: pipewire}}\n",
    "a node with an address": "pa: {console: {type: pipewire, node: a, address: ⟦E-clash⟧10.0.0.5}}\n",
    "a node of a desk": "pa: {console: {type: x32, address: 10.0.0.5, node: ⟦E-clash⟧a}}\n",
    "a node that is an option": "pa: {console: {type: pipewire, node: ⟦E-name⟧-v}}\n",
    "filters": "pa: {console: {type: pipewire, node: a}, zones: {a: {out: 1, console: ⟦E-console⟧ch/1}}}\n",
    "a template that is not there": "pa: {console: {type: template, template: ⟦E-template⟧mixr, address: 10.0.0.9:23}}\n",
    "a template without port": "pa: {console: {type: template, template: a, address: ⟦E-clash⟧10.0.0.9}}\n" + MIXER,
    "a word in braces": MIXER.replace("'", "⟦E-template⟧'", 1).replace("{gain}", "{gian}"),
    "digits": MIXER.replace("'", "⟦E-template⟧'", 1).replace("{freq}", "{freq:2}"),
    "digits too few": MIXER.replace("'", "⟦E-template⟧'", 1).replace("{gain}", "{gain:.0f}"),
    "a line without Q": MIXER.replace("'", "⟦E-template⟧'", 1).replace("{q}", "{gain:.1f}"),
    "a question without answer": MIXER.replace("'}}", "', ask: ⟦E-template⟧a}}"),
    "an answer of any band": MIXER.replace("'}}", "', ask: a, answer: ⟦E-template⟧'{freq} {gain} {q}'}}"),
    "braces that touch": MIXER.replace("'}}", "', ask: a, answer: ⟦E-template⟧'{band} {freq}{gain}{q}'}}"),
    "a stream without lines": MIXER.replace("'}}", "', end: ⟦E-template⟧none}}"),
    "more than it takes": LINES.replace("    every", "    gain: [-6dB, 6dB]\n    every").replace(
        "{con", "{limits: {gain: ⟦E-clash⟧[-9dB, 3dB]}, con"
    ),
    "a type": "pa: {console: {type: ⟦E-choice⟧x23, address: 10.0.0.5}}\n",
    "a device": "pa: {zones: {main: {out: 1, device: ⟦E-choice⟧xr19}}}\n",
    "a device of another console": f"pa: {{{DESK}, zones: {{main: {{out: 1, console: main, device: ⟦E-clash⟧xr18}}}}}}\n",
    "auto without anything": "pa: {mode: ⟦E-clash⟧auto}\n",
    "a mode": "pa: {mode: ⟦E-choice⟧on}\n",
    "a zone without outputs": "pa: {zones: {main: {out: ⟦E-empty⟧[]}}}\n",
    "an output twice": "pa: {zones: {a: {out: ⟦E-clash⟧[2, 1, 2]}}}\n",
    "an output of two": "pa: {zones: {a: {out: [1, 2]}, b: {out: ⟦E-clash⟧2}}}\n",
    "an input of two": "pa: {microphones: {a: {in: 1}, b: {in: ⟦E-clash⟧1}}}\n",
    "a microphone on the programme": "pa: {programme: [1, 2], microphones: {a: {in: ⟦E-clash⟧2}}}\n",
    "a microphone on what is listened to": "audio: {channels: [3, 4]}\npa: {microphones: {a: {in: ⟦E-clash⟧4}}}\n",
    "a microphone on the first inputs": f"pa: {{{DESK}, microphones: {{a: {{in: ⟦E-clash⟧2}}}}}}\n",
    "a microphone on time code": "audio: {ltc: 2}\npa: {microphones: {a: {in: ⟦E-clash⟧2}}}\n",
    "a channel": "pa: {microphones: {a: {in: ⟦E-number⟧0}}}\n",
    "no such calibration": "pa: {microphones: {a: {in: 1, calibration: ⟦E-missing-file⟧mics/rihgt.cal}}}\n",
    "no such target": "pa: {target: ⟦E-missing-file⟧huose}\n",
    "a level without unit": "pa: {microphones: {a: {in: 1, sensitivity: ⟦E-unit⟧-28}}}\n",
    "a sensitivity without its sign": "pa: {microphones: {a: {in: 1, sensitivity: ⟦E-range⟧28dB}}}\n",
    "a level": "pa: {limits: {boost: ⟦E-decibels⟧none}}\n",
    "a level beyond": "pa: {limits: {boost: ⟦E-range⟧900dB}}\n",
    "gains the wrong way": "pa: {limits: {gain: ⟦E-range⟧[3dB, -12dB]}}\n",
    "one gain": "pa: {limits: {gain: ⟦E-empty⟧[3dB]}}\n",
    "a boost below nothing": "pa: {limits: {boost: ⟦E-range⟧-3dB}}\n",
    "a Q": "pa: {limits: {q: [⟦E-range⟧0.1, 8]}}\n",
    "Qs the wrong way": "pa: {limits: {q: ⟦E-range⟧[8, 0.5]}}\n",
    "a limit that nobody watches": "pa: {microphones: {a: {in: 3}}, ⟦W-no-sensitivity⟧spl_limit: {laeq: 99dB}}\n",
    "a limit and no microphone at all": "pa: {⟦W-no-sensitivity⟧spl_limit: {lcpeak: 135dB}}\n",
    "a limit and a mistake": "pa: {microphones: {a: {in: 3, sensitivity: ⟦E-unit⟧-28}}, spl_limit: {laeq: 99dB}}\n",
    "a limit and another": "pa: {microphones: {a: {in: 3, ⟦E-unknown-key⟧sensitivty: -28dB}}, spl_limit: {laeq: 99dB}}\n",
    "a limit of the venue": "pa: {spl_limit: {laeq: ⟦E-range⟧9dB}}\n",
    "minutes of nothing": "pa: {spl_limit: {lcpeak: 135dB, minutes: ⟦E-clash⟧15}}\n",
    "minutes": "pa: {spl_limit: {laeq: 99dB, minutes: ⟦E-choice⟧30}}\n",
    "a temperature": "pa: {climate: {temperature: ⟦E-unit⟧21, humidity: 45%, distance: 20m}}\n",
    "hot air": "pa: {climate: {temperature: ⟦E-range⟧210C, humidity: 45%, distance: 20m}}\n",
    "dry air": "pa: {climate: {temperature: 21C, humidity: ⟦E-range⟧1%, distance: 20m}}\n",
    "no way at all": "pa: {climate: {temperature: 21C, humidity: 45%, distance: ⟦E-range⟧0m}}\n",
    "microphones nowhere": f"pa: {{climate: {{{AIR}, microphones: ⟦E-range⟧0m}}}}\n",
    "air that was dry": f"pa: {{climate: {{{AIR}, judged: {{temperature: 18C, humidity: ⟦E-range⟧3%}}}}}}\n",
    "half an air": f"pa: {{climate: {{{AIR}, judged: ⟦E-missing-key⟧{{temperature: 18C}}}}}}\n",
    "a sensor nobody hears": f"pa: {{climate: {{{AIR}, sensor: ⟦E-clash⟧{{temperature: a, humidity: b}}}}}}\n",
    "half a sensor": f"mqtt: {{host: a}}\npa: {{climate: {{{AIR}, sensor: ⟦E-missing-key⟧{{temperature: a}}}}}}\n",
    "many topics": f"mqtt: {{host: a}}\npa: {{climate: {{{AIR}, sensor: {{temperature: ⟦E-name⟧a/+, humidity: b}}}}}}\n",
    "notches without an equaliser": "pa: {notches: ⟦E-clash⟧2, microphones: {a: {in: 3}}}\n",
    "notches that nobody sets": f"pa: {{{NOTCHED}, mode: advise, notches: ⟦E-clash⟧2}}\n",
    "notches that nobody hears of": f"pa: {{{DESK}, {MAIN}, mode: auto, notches: ⟦E-clash⟧2}}\n",
    "more notches than bands": f"pa: {{{NOTCHED.replace('main}', 'ch/1}')}, mode: auto, notches: ⟦E-clash⟧4}}\n",
    "notches that may not cut": f"pa: {{{NOTCHED}, mode: auto, limits: {{gain: [-2dB, 0dB]}}, notches: ⟦E-clash⟧1}}\n",
    "too many notches": f"pa: {{{NOTCHED}, mode: auto, notches: ⟦E-number⟧5}}\n",
    "no distance": "pa: {climate: ⟦E-missing-key⟧{temperature: 21C, humidity: 45%}}\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_every_mistake_is_found_where_it_is(text: str, tmp_path: Path) -> None:
    [mark] = MARK.finditer(text)
    place = text[: mark.start()]
    expected = (VENUE.count("\n") + place.count("\n") + 1, mark.start() - place.rfind("\n"), mark[1])
    found = check(files(tmp_path, MARK.sub("", text)))
    assert [(p.line, p.column, p.code) for p in found] == [expected], found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pa: {target: huose}\n", "did you mean `house`?"),
        ("pa: {mirophones: {}}\n", "did you mean `microphones`?"),
        (f"pa: {{{DESK}, zones: {{main: {{out: 1, console: mian}}}}}}\n", "did you mean `main`?"),
        ("pa: {mode: atuo}\n", "did you mean `auto`?"),
        ("pa: {microphones: {a: {in: 1, sensitivity: -28}}}\n", "write `-28dB`"),
        ("pa: {microphones: {a: {in: 1, sensitivity: 28dB}}}\n", "write `-28dB`"),
    ],
)
def test_what_was_meant_is_said(text: str, said: str, tmp_path: Path) -> None:
    [problem] = check(files(tmp_path, text))
    assert said in problem.text


def test_the_example_of_the_document_is_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```yaml\n(pa:\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    paths = files(tmp_path, example)
    for name in ("left.cal", "right.cal"):
        (tmp_path / name).write_text("1000 0\n")
    assert [str(problem) for problem in check(paths)] == []


def test_values() -> None:
    assert [decibels(text) for text in ("-12dB", "+3 dB", "0dB", "1.5dB")] == [-12.0, 3.0, 0.0, 1.5]
    assert (quality("0.7"), celsius("-3.5 C")) == (0.7, -3.5)
    assert console_address("10.0.0.5") == ("10.0.0.5", None)
    assert console_address("10.0.0.5:1") == ("10.0.0.5", 1)
    for parse, text in ((quality, "11"), (quality, "-1"), (celsius, "warm"), (console_address, "::1"), (decibels, "loud")):
        with pytest.raises(Bad):
            parse(text)
