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
from showctl.plan import PaClimate, PaMicrophone, PaPlan, PaZone
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
