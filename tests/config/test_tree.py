"""YAML as people write it: what YAML 1.1 guesses is text here, and no file, however strange, does more than get a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.tree import MAX_BYTES, MAX_DEPTH, Report, parse, read


def plain(text: str) -> object:
    report = Report()
    node = parse(text.encode(), "f.yaml", report)
    assert not report.problems
    assert node is not None
    return node.plain()


def codes(data: bytes) -> list[tuple[int, int, str]]:
    report = Report()
    parse(data, "f.yaml", report)
    return [(p.line, p.column, p.code) for p in report.problems]


def test_nothing_is_guessed() -> None:
    text = "on: no\nyes: off\ntime: 1:30\noctal: 010\nnumber: 1.10\nhex: 0x1F\nbig: 1_000\nnull: ~\ndate: 2026-11-22\nnan: .nan\n"
    assert plain(text) == {
        "on": "no",
        "yes": "off",
        "time": "1:30",
        "octal": "010",
        "number": "1.10",
        "hex": "0x1F",
        "big": "1_000",
        "null": "~",
        "date": "2026-11-22",
        "nan": ".nan",
    }


def test_every_node_knows_its_place() -> None:
    report = Report()
    node = parse("a:\n  - {b: c, dé: x}\n".encode(), "f.yaml", report)
    assert node is not None
    assert str(node.at("a", 0, "b")) == "f.yaml:2"
    assert (node.at("a", 0, "b").line, node.at("a", 0, "b").column) == (2, 9)
    assert node.key("a", 0, "dé").column == 12
    assert node.at("a", 7, "nowhere") == node.at("a")


def test_an_alias_is_what_it_stands_for() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": ["1", "2"], "b": ["1", "2"]}


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", [(1, 1, "E-empty")]),
        (b"# nothing\n", [(1, 1, "E-empty")]),
        (b"a: 1\nb: \xff\n", [(2, 4, "E-encoding")]),
        (b"a: 1\nb: \x07\n", [(2, 4, "E-character")]),
        (b"\xff\xfea\x00", [(1, 1, "E-encoding")]),
        (b"a: 1\na: 2\nb: 1\nb: 2\n", [(2, 1, "E-duplicate-key"), (4, 1, "E-duplicate-key")]),
        (b"a:\n\tb: 1\n\tc: 1\n", [(2, 1, "E-tab"), (3, 1, "E-tab")]),
        (b"? [a, b]\n: c\n", [(1, 3, "E-key")]),
        (b"a: &x [*x]\n", [(1, 8, "E-alias")]),
        (b"a: 'never closed\n", [(1, 4, "E-syntax")]),
        (b"a: {b: #c00010}\nc: 1\n", [(2, 2, "E-syntax")]),
        (b"x" * (MAX_BYTES + 1), [(1, 1, "E-too-big")]),
        (b"[" * 100_000, [(1, MAX_DEPTH + 2, "E-too-deep")]),
        (b"{a: " * 100_000, [(1, 4 * MAX_DEPTH + 2, "E-too-deep")]),
    ],
)
def test_refused(data: bytes, wanted: list[tuple[int, int, str]]) -> None:
    assert codes(data) == wanted


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    assert [code for _, _, code in codes(bomb.encode())] == ["E-too-big"]


def test_a_tower_of_aliases_is_refused() -> None:
    tower = "a0: &a0 " + "[" * 20 + "]" * 20 + "\n"
    tower += "".join(f"a{i}: &a{i} {'[' * 20}*a{i - 1}{']' * 20}\n" for i in range(1, 5))
    assert [code for _, _, code in codes(tower.encode())] == ["E-too-deep"]


def test_messages_are_one_printable_line() -> None:
    report = Report()
    parse(b'"a\\nb\\e[31m": 1\n"a\\nb\\e[31m": 2\n', "f.yaml", report)
    [problem] = report.problems
    assert problem.code == "E-duplicate-key"
    assert str(problem).isprintable()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    report = Report()
    assert read(tmp_path, report) is None
    assert read(tmp_path / "nobody.yaml", report) is None
    assert read(tmp_path / ("x" * 300), report) is None
    assert [p.code for p in report.problems] == ["E-directory", "E-missing-file", "E-unreadable"]


@given(st.binary(max_size=300) | st.text(alphabet=" \n\t-:{}[]&*!|>'\"%@`#,?abc<", max_size=120).map(str.encode))
def test_any_bytes_give_a_tree_or_a_problem(data: bytes) -> None:
    report = Report()
    node = parse(data, "f.yaml", report)
    assert node is not None or report.failed
    assert all(p.line >= 1 and p.column >= 1 and len(str(p).splitlines()) == 1 for p in report.problems)


def test_a_colour_that_swallows_its_bracket_is_named() -> None:
    report = Report()
    parse(b"a: {x: 1,\n  b: #c00010}\nc: 1\n", "f.yaml", report)
    assert [p.text.endswith('#c00010 in line 2 begins a comment: write "#c00010"') for p in report.problems] == [True]
