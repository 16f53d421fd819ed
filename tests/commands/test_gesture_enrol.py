"""`showctl gesture enrol`: from a file and from packets; refused and asked in words; nothing kept without a yes."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showctl import enrolments
from showctl.__main__ import main
from showctl.commands.gesture_enrol import Session
from showctl.enrolments import Consent
from showctl.wire.osc import encode
from showctl.wire.wearable.intake import Wearables
from tests.analysis.gesture.motions import Motion, gesture, rest
from tests.performing.people import YES, examples, kept


def write(path: Path, shown: list[tuple[str, Motion]]) -> Path:
    rows = [[name, str(n), *map(str, row)] for n, (name, motion) in enumerate(shown) for row in motion.tolist()]
    path.write_text("gesture,rep,ax,ay,az,gx,gy,gz\n" + "\n".join(map(",".join, rows)) + "\n")
    return path


def enrol(state: Path, *words: str | Path) -> int:
    return main(["gesture", "enrol", *map(str, words), "--state", str(state)])


@pytest.mark.slow
def test_examples_of_a_file_are_audited_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "shown.csv", list(examples()))
    assert enrol(tmp_path, "anna", "--from", file, "--rate", "50", "--consent", "motion") == 0
    told = capsys.readouterr().out
    share = re.search(r"swipe  found in +(\d+) % of repetitions", told)
    assert share is not None
    assert int(share[1]) > 90
    assert "false triggers while armed: about" in told
    found = enrolments.load(tmp_path, "anna")
    assert found is not None
    assert found.enrolment.gestures == ("swipe", "vee")
    assert found.consent.to == "motion"
    assert found.consent.date.endswith("Z")
    assert len(found.recordings) == 6
    more = write(tmp_path / "more.csv", [("twist", gesture("twist", np.random.default_rng(n))) for n in range(3)])
    assert enrol(tmp_path, "anna", "--from", more, "--rate", "50", "--consent", "templates") == 0
    found = enrolments.load(tmp_path, "anna")
    assert found is not None
    assert found.enrolment.gestures == ("swipe", "twist", "vee"), "those of before were recorded, and are kept"
    assert found.recordings == (), "which they have taken back"
    words = ("anna", "twist", "--from", more, "--rate", "50", "--consent", "templates")
    assert enrol(tmp_path, *words) == 2
    assert "swipe, vee: enrolled before" in capsys.readouterr().err
    assert enrol(tmp_path, *words, "--replace") == 0
    found = enrolments.load(tmp_path, "anna")
    assert found is not None
    assert found.enrolment.gestures == ("twist",)


@pytest.mark.slow
def test_what_is_confusable_is_refused_and_nothing_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(1)
    same = [(name, gesture("swipe", draw)) for name in ("left", "right") for _ in range(3)]
    assert enrol(tmp_path, "anna", "--from", write(tmp_path / "a.csv", same), "--rate", "50", "--consent", "templates") == 1
    said = capsys.readouterr()
    assert "refused: " in said.out
    assert "Nothing was kept" in said.err
    assert enrolments.names(tmp_path) == []


def test_nothing_is_kept_without_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "shown.csv", list(examples()))
    assert enrol(tmp_path, "anna", "--from", file, "--rate", "50") == 2
    assert "--consent" in capsys.readouterr().err
    asked = io.StringIO("no\n")
    monkeypatch.setattr(asked, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", asked)
    assert enrol(tmp_path, "anna", "--from", file, "--rate", "50") == 1
    told = capsys.readouterr().out
    assert "That is how a person moves" in told
    assert "showctl privacy erase" in told
    assert enrolments.names(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["anna", "--consent", "motion"], "which gestures?"),
        (["an na", "wave", "--consent", "motion"], "is no name"),
        (["anna", "wa.ve", "--consent", "motion"], "is no name of a gesture"),
        (["anna", "wave", "wave", "--consent", "motion"], "named twice"),
        (["anna", "wave", "--examples", "11", "--consent", "motion"], "--examples is 1 to 10"),
        (["anna", "--from", "x.csv", "--consent", "motion"], "--rate HZ"),
        (["anna", "--from", "x.csv", "--rate", "50", "--consent", "motion"], "x.csv"),
        (["anna", "--from", "x.csv", "--rate", "5", "--consent", "motion"], "can be used"),
        (["anna", "wave", "--host", "0.0.0.0", "--consent", "motion"], "say with --allow"),
    ],
)
def test_wrong_use_is_a_line(tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert enrol(tmp_path, *words) == 2
    assert said in capsys.readouterr().err


def test_motion_without_gravity_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "l.csv", [("swipe", gesture("swipe", np.random.default_rng(n), gravity=False)) for n in range(3)])
    assert enrol(tmp_path, "anna", "--from", file, "--rate", "50", "--consent", "templates") == 2
    assert "without gravity" in capsys.readouterr().err


class Device:
    """Sends to a session, 50 packets a second of a time of its own."""

    def __init__(self, session: Session, who: str = "anna") -> None:
        self.session, self.who, self.now = session, who, 10.0

    def move(self, motion: Motion, gyroscope: bool = True, host: str = "127.0.0.1") -> bool:
        heard = False
        for row in motion.tolist():
            self.now += 0.02
            address = "imu" if gyroscope else "acceleration"
            packet = encode(f"/motion/{self.who}/{address}", *row[: 6 if gyroscope else 3])
            heard = self.session.hear(packet, host, 4000, self.now)
            self.session.step(self.now)
        return heard


def still(seconds: float) -> Motion:
    return rest(int(50 * seconds), np.random.default_rng(2))


def test_a_live_device_is_recorded() -> None:
    said: list[str] = []
    session = Session(["swipe"], 3, Wearables(), say=said.append)
    device, draw = Device(session), np.random.default_rng(3)
    for _ in range(3):
        device.move(np.vstack([still(4.0), gesture("swipe", draw), still(1.0)]))
    assert session.showing.done
    assert session.profile == "plain"
    assert [name for name, _ in session.showing.examples] == ["swipe"] * 3
    assert said[0] == "swipe, 1 of 3: hold still"
    assert sum("good" in one for one in said) == 3


def test_who_cannot_be_understood_is_told() -> None:
    session = Session(["swipe"], 1, Wearables(), say=lambda _: None)
    with pytest.raises(ValueError, match="sends no rate of turning"):
        Device(session).move(still(4.0), gyroscope=False)
    two = Session(["swipe"], 1, Wearables(), say=lambda _: None)
    one, other = Device(two), Device(two, "ben")

    def both() -> None:
        for _ in range(200):
            one.move(still(0.02))
            other.move(still(0.02))

    with pytest.raises(ValueError, match=r"several devices send: .*--device NAME"):
        both()


def test_strangers_and_noise_are_left_alone() -> None:
    session = Session(["swipe"], 1, Wearables(), allow=["10.0.0.0/24"], say=lambda _: None)
    assert not session.hear(b"no OSC", "127.0.0.1", 4000, 1.0)
    assert not Device(session).move(still(0.1), host="192.168.0.7")
    assert Device(session).move(still(0.1), host="10.0.0.7")


def test_what_cannot_be_read_any_more_is_replaced(tmp_path: Path) -> None:
    from showctl.commands.gesture_enrol import _before

    enrolments.save(tmp_path, replace(kept(), consent=Consent("templates", YES.date)))
    assert _before(tmp_path, "anna") is not None
    enrolments.path_of(tmp_path, "anna").write_bytes(b"torn")
    assert _before(tmp_path, "anna") is None
