"""What is kept of performers: whole or not at all, only with their yes, readable for nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showctl import enrolments
from showctl.enrolments import Consent, Kept
from tests.performing.people import YES, enrolment, examples, kept


@pytest.mark.slow
def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    path = enrolments.save(tmp_path, kept("anna.left"))
    assert path == tmp_path / "performers" / "anna.left.npz"
    assert path.stat().st_mode & 0o077 == 0
    found = enrolments.load(tmp_path, "anna.left")
    assert found is not None
    assert found == replace(kept("anna.left"), enrolment=found.enrolment)
    assert found.performer == "anna"
    assert found.enrolment.gestures == enrolment().gestures
    assert found.enrolment.threshold == enrolment().threshold
    assert enrolments.load(tmp_path, "ben") is None


def test_recordings_are_kept_with_consent_alone(tmp_path: Path) -> None:
    wants = replace(kept(), recordings=examples())
    with pytest.raises(ValueError, match="did not say yes"):
        enrolments.save(tmp_path, wants)
    assert enrolments.names(tmp_path) == []
    enrolments.save(tmp_path, replace(wants, consent=Consent("motion", YES.date)))
    found = enrolments.load(tmp_path, "anna")
    assert found is not None
    assert [name for name, _ in found.recordings] == [name for name, _ in examples()]
    assert np.array_equal(found.recordings[0][1], examples()[0][1])


def test_who_is_enrolled(tmp_path: Path) -> None:
    for name in ("anna", "anna.left", "annabel", "ben"):
        enrolments.save(tmp_path, kept(name))
    (tmp_path / "performers" / "torn.part").write_text("")
    assert enrolments.names(tmp_path) == ["anna", "anna.left", "annabel", "ben"]
    assert enrolments.names(tmp_path, "anna") == ["anna", "anna.left"]
    before = enrolments.stamps(tmp_path)
    enrolments.save(tmp_path, kept("ben"))
    assert {name for name, stamp in enrolments.stamps(tmp_path).items() if before[name] != stamp} == {"ben"}
    enrolments.erase(tmp_path, "anna")
    assert enrolments.names(tmp_path) == ["anna.left", "annabel", "ben"]


@pytest.mark.parametrize("bad", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_what_cannot_be_read_is_said_in_a_line(tmp_path: Path, bad: bytes) -> None:
    path = enrolments.path_of(tmp_path, "anna")
    path.parent.mkdir()
    path.write_bytes(bad)
    with pytest.raises(ValueError, match="it cannot be read"):
        enrolments.load(tmp_path, "anna")


def test_a_part_of_a_file_is_no_enrolment(tmp_path: Path) -> None:
    path = enrolments.save(tmp_path, kept())
    with np.load(path) as opened:
        arrays = {name: opened[name] for name in opened.files}
    for gone in arrays:
        np.savez(path, **{name: one for name, one in arrays.items() if name != gone})
        with pytest.raises(ValueError, match="it cannot be read"):
            enrolments.load(tmp_path, "anna")


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a.b.c", "a b", "x" * 65])
def test_what_is_no_name_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        enrolments.save(tmp_path, Kept(name, enrolment(), YES))
