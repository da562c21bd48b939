"""The elements of an array in a file are those that a JSON reader finds, whatever the pieces."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeploy_conformance.evidence import elements as module
from redeploy_conformance.evidence.elements import BOM, elements
from redeploy_conformance.evidence.sources import LogError

PLACE = ("log", "entries")
TEXTS = st.text('a"\\{}[],: ü', max_size=6)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=5,
)
ROWS = st.lists(
    st.builds(
        lambda more, nested: {"a": nested, **more},
        st.dictionaries(TEXTS, VALUES, max_size=3),
        VALUES | st.builds(lambda one: [{"a": one}, {"a": one}], VALUES),
    )
    | VALUES,
    max_size=12,
)


@pytest.fixture(scope="module", autouse=True)
def _small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", 16)
        yield


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elements") / "file.json"


def _read(path: Path, *places: tuple[str, ...]) -> tuple[list[Any], str]:
    """What is yielded, and what is said of damage."""
    found: list[Any] = []
    try:
        for raw in elements(path, places or (PLACE,), "file of the test"):
            found.append(json.loads(bytes(raw)))
    except LogError as error:
        return found, str(error)
    return found, ""


@given(rows=ROWS, indent=st.none() | st.integers(0, 2), before=VALUES, after=VALUES)
def test_whatever_the_document(
    file: Path, rows: list[Any], indent: int | None, before: Any, after: Any
) -> None:
    log = {"before": before, "entries": rows, "after": after}
    document = {"more": before, "log": log, "rest": [after]}
    for mark in (b"", BOM):
        file.write_bytes(mark + json.dumps(document, indent=indent).encode())
        assert _read(file) == (rows, "")
    file.write_text(json.dumps(rows, indent=indent, ensure_ascii=False))
    assert _read(file, (), ("Events",)) == (rows, "")
    file.write_text(json.dumps({"Events": rows, "after": after}, indent=indent))
    assert _read(file, (), ("Events",)) == (rows, "")


@given(rows=ROWS.filter(bool), data=st.data())
def test_of_a_file_cut_short_the_beginning_counts(
    file: Path, rows: list[Any], data: st.DataObject
) -> None:
    text = json.dumps({"log": {"entries": rows}})
    begin = text.index("[") + 1
    end = data.draw(st.integers(begin, len(text) - 1))
    file.write_text(text[:end])
    found, told = _read(file)
    assert found == rows[: len(found)]
    assert told == f"after entry {len(found)}: it is cut short or damaged"


def test_all_but_the_last_whole_element_count(file: Path) -> None:
    rows = [{"a": n, "b": [{"a": 1}, {"a": 2}]} for n in range(40)]
    text = json.dumps(rows)
    file.write_text(text[: text.index('{"a": 30')])
    assert len(_read(file, ())[0]) == 29
    file.write_text(text.replace('{"a": 30', '{"a": 3x'))
    assert len(_read(file, ())[0]) == 30


@pytest.mark.parametrize(
    "text", ["", "3", "{}", '{"log": 3}', '{"log": {"entries": 3}}']
)
def test_a_file_without_the_array_is_said_so(file: Path, text: str) -> None:
    file.write_text(text)
    assert _read(file)[1].startswith("it is no file of the test")


def test_an_array_of_the_same_name_elsewhere_is_another(file: Path) -> None:
    file.write_text(
        '{"x": {"entries": [1]}, "log": {"y": {"entries": [2]}, "entries": [3]}}'
    )
    assert _read(file) == ([3], "")


def test_memory_does_not_grow_with_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 1 << 14)
    peaks = []
    for count in (500, 4_000):
        rows = [{"a": n, "text": "x" * 300} for n in range(count)]
        file.write_text(json.dumps({"log": {"entries": rows}}))
        tracemalloc.start()
        assert sum(1 for _ in elements(file, (PLACE,), "")) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
