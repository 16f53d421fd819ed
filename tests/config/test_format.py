"""`showctl fmt`: what is written anew means the same, keeps its comments, and stays as it is the second time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.format import tidy
from showctl.config.tree import Report, parse

REPOSITORY = Path(__file__).resolve().parents[2]
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def form(text: str) -> str:
    """The text as `fmt` writes it; what comes out stays as it is."""
    report = Report()
    once = tidy(text.encode(), "f.yaml", report)
    assert once is not None, report.problems
    assert tidy(once.encode(), "f.yaml", report) == once
    return once


def refused(text: str) -> list[tuple[int, int, str]]:
    report = Report()
    assert tidy(text.encode(), "f.yaml", report) is None
    return [(p.line, p.column, p.code) for p in report.problems]


def plain(text: str) -> object:
    report = Report()
    node = parse(text.encode(), "f.yaml", report)
    assert node is not None, report.problems
    return node.plain()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("a:   1\n", "a: 1\n"),
        ("a: 1", "a: 1\n"),
        ("\n\na: 1\n\n\nb: 2\n\n\n", "a: 1\n\n\nb: 2\n"),
        ("a:\r\n  b: c\r\n", "a:\n  b: c\n"),
        ("\ufeffa: 1\n", "a: 1\n"),
        ("  a: 1\n  b: 2\n", "a: 1\nb: 2\n"),
        ("a:\n     b: 1\n     c:\n         d: 2\n", "a:\n  b: 1\n  c:\n    d: 2\n"),
        ("a:\n- b\n- c\nd: e\n", "a:\n  - b\n  - c\nd: e\n"),
        ("a:\n    -   b: 1\n        c: 2\n", "a:\n  - b: 1\n    c: 2\n"),
        ("- - a\n  -    b\n- c\n", "- - a\n  - b\n- c\n"),
        ("a: { b : 1,c: 2 , }\n", "a: {b: 1, c: 2,}\n"),
        ("a: [ 1/1 ,1/7 ]\n", "a: [1/1, 1/7]\n"),
        ("a: {b: , c: }\n", "a: {b: , c: }\n"),
        ("a: {b: 1,\nc: 2\n}\n", "a: {b: 1,\n    c: 2\n  }\n"),
        ("a: 1     # why\n#there\nb: 2\n", "a: 1 # why\n#there\nb: 2\n"),
        ("a:\n # of b\n    b: 1\n    # of b, too\n# of c\nc: 2\n", "a:\n# of b\n  b: 1\n  # of b, too\n# of c\nc: 2\n"),
        ('a: \'b\'\n"c": "d e"\n', "a: b\nc: d e\n"),
        ("a: 'on'\nb: '#c00010'\nc: '7'\nd: 'it''s'\n", 'a: "on"\nb: "#c00010"\nc: "7"\nd: "it\'s"\n'),
        ("a: '1:30'\nb: 'say \"x\"'\nc: '0o7'\nd: 'Y'\n", 'a: "1:30"\nb: \'say "x"\'\nc: "0o7"\nd: "Y"\n'),
        ("a: |  # text\n      one\n        two\n\n\nb: 1\n", "a: | # text\n  one\n    two\n\n\nb: 1\n"),
        ("a:\n   - |4\n         x\n", "a:\n  - |4\n        x\n"),
        ("a: one\n     two\n\n     three\n", "a: one\n  two\n\n  three\n"),
        ("a: &x   [b]\nc:   *x\n", "a: &x [b]\nc: *x\n"),
        ("---\na:  1\n", "---\na: 1\n"),
    ],
)
def test_what_becomes_of_it(given: str, wanted: str) -> None:
    assert form(given) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: [1\n", [(2, 1, "E-syntax")]),
        ("a: 1\na: 2\n", [(2, 1, "E-duplicate-key")]),
        ("a:\n\t- b\n", [(2, 1, "E-tab")]),
        ("x: 1\n? a\n: b\n", [(2, 1, "E-format")]),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, wanted: list[tuple[int, int, str]]) -> None:
    assert refused(text) == wanted


EXAMPLES = [*REPOSITORY.glob("cues/*.yaml"), *REPOSITORY.glob("venues/*.yaml"), *REPOSITORY.glob("showctl/demo/*.yaml")]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_our_own_files_are_written_so(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert form(text) == text


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_examples_of_the_documents_mean_the_same(path: Path) -> None:
    for block in YAML_BLOCK.findall(path.read_text(encoding="utf-8")):
        assert plain(form(block)) == plain(block)


WORDS = st.sampled_from(
    ["a", "on", "1:30", "70%", "#c00010", "1/1", "-", "~", "", "it's", 'say "x"', "x: y", "two words", "[", "é"]
)
TEXTS = WORDS | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(" \n:#,-"), max_size=12)
KEYS = st.text("abcdeé-_ 1", min_size=1, max_size=6).map(str.strip).filter(bool)
TREES = st.recursive(TEXTS, lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS, below, max_size=4), max_leaves=20)


@given(
    tree=st.dictionaries(KEYS, TREES, min_size=1, max_size=4),
    flow=st.sampled_from([None, False, True]),
    style=st.sampled_from([None, '"', "'", "|", ">"]),
    indent=st.integers(2, 9),
    width=st.integers(20, 120),
)
def test_every_tree_means_the_same(tree: Any, flow: bool | None, style: str | None, indent: int, width: int) -> None:
    text = yaml.dump(
        tree, default_flow_style=flow, default_style=style, indent=indent, width=width, allow_unicode=True, sort_keys=False
    )
    text = re.sub(r"!!\w+ ", "", text)  # of numbers in quotes, where a style is forced
    if "? " not in text:
        assert plain(form(text)) == plain(text)


COMMENT = re.compile(r"#\w+#")


@st.composite
def handwritten(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A file as people write them: comments everywhere, spaces as it came. -> text and its comments, in order."""
    comments: list[str] = []

    def comment() -> str:
        comments.append(f"#{draw(st.sampled_from(['a', 'b']))}{len(comments)}#")
        return draw(st.sampled_from(["", "# - x: ", "#"])) + comments[-1] + draw(st.sampled_from(["", " # y", ":"]))

    def gap(column: int) -> str:
        """What may stand between two lines."""
        lines = draw(st.lists(st.sampled_from(["", "comment", "  "]), max_size=2))
        return "".join((" " * draw(st.integers(0, column + 3)) + comment() if one == "comment" else one) + "\n" for one in lines)

    def end() -> str:
        return (" " * draw(st.integers(1, 4)) + comment() if draw(st.booleans()) else "") + "\n"

    def spaces(least: int = 0) -> str:
        return " " * draw(st.integers(least, 3))

    def flow(depth: int) -> str:
        if depth > 2 or draw(st.booleans()):
            return draw(st.sampled_from(["x", "'q'", '"a, b"', "70%", "'#123456'"]))
        items = [flow(depth + 1) for _ in range(draw(st.integers(0, 3)))]
        pairs = draw(st.booleans())
        text = ""
        for i, item in enumerate(items):
            text += spaces() + (f"k{i}:{spaces(1)}{item}" if pairs else item) + spaces() + ("," if i + 1 < len(items) else "")
            if draw(st.integers(0, 5)) == 0:
                text += end() + " " * 12
        return "{" + text + "}" if pairs else "[" + text + "]"

    def block(column: int, depth: int) -> str:
        if draw(st.booleans()):
            return "".join(
                gap(column) + " " * column + f"key{i}:" + value(column, depth, loose=True) for i in range(draw(st.integers(1, 3)))
            )
        return "".join(gap(column) + " " * column + "-" + value(column, depth) for _ in range(draw(st.integers(1, 3))))

    def value(column: int, depth: int, loose: bool = False) -> str:
        kind = draw(st.sampled_from(["flow", "block", "block", "text", "next line"]))
        if kind == "flow" or depth > 3:
            return spaces(1) + flow(0) + end()
        if kind == "next line":
            return end() + gap(column) + " " * (column + draw(st.integers(1, 4))) + flow(0) + end()
        if kind == "text":
            inner = " " * (column + draw(st.integers(1, 4)))
            head = draw(st.sampled_from(["|", ">", "|-", ">-"]))
            return f" {head}\n{inner}one # no comment\n{inner}  two\n"
        items = loose and draw(st.booleans())
        if items:
            return end() + "".join(
                gap(column) + " " * column + "-" + value(column, depth + 1) for _ in range(draw(st.integers(1, 2)))
            )
        return end() + block(column + draw(st.integers(1, 5)), depth + 1)

    top = "".join(gap(0) + f"top{i}:" + value(0, 0, loose=True) for i in range(draw(st.integers(1, 3))))
    return top, comments


@given(handwritten())
def test_comments_stay_in_their_order(written: tuple[str, list[str]]) -> None:
    text, comments = written
    once = form(text)
    assert plain(once) == plain(text)
    for a in (text, once):
        assert re.findall(COMMENT, a) == sorted(comments, key=text.index)
    assert [line for line in once.split("\n") if line.strip() and line != line.rstrip()] == []
