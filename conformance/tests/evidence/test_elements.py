"""The elements of an array in a file are those that a JSON reader finds, whatever the pieces."""

import gzip
import json
import secrets
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import accumulate
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
    commas = accumulate(len(json.dumps(one)) + 2 for one in rows)
    assert len(found) >= sum(begin + at - 1 <= end for at in commas)
    assert found == rows[: len(found)]
    assert told == f"after entry {len(found)}: it is cut short or damaged"


def test_all_whole_elements_count(file: Path) -> None:
    rows = [{"a": n, "b": [{"a": 1}, {"a": 2}]} for n in range(40)]
    text = json.dumps(rows)
    file.write_text(text[: text.index('{"a": 30')])
    assert len(_read(file, ())[0]) == 30
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


def _pages(*pages: list[Any]) -> str:
    return "".join(json.dumps({"Events": one, "Next": {"a": []}}) for one in pages)


def test_of_several_documents_the_first_counts(file: Path) -> None:
    told = "after entry 2: another document follows, which is not read: give each its own file"
    file.write_text(_pages([{"a": 1}, {"a": 2}], [{"a": 3}]))
    assert _read(file, (), ("Events",)) == ([{"a": 1}, {"a": 2}], told)
    file.write_text('[{"a": 1}, {"a": 2}]\n[{"a": 3}]')
    assert _read(file, ()) == ([{"a": 1}, {"a": 2}], told)
    file.write_text(_pages([{"a": 1}, {"a": 2}])[:-3])
    assert _read(file, (), ("Events",))[1] == (
        "after entry 2: it is cut short or damaged"
    )


def test_elements_need_not_begin_alike(file: Path) -> None:
    rows = [{"first": 0}] + [{"a": n, "b": [{"c": [n]}, {"c": 1}]} for n in range(40)]
    text = json.dumps(rows)
    for end in (len(text) - 1, text.index('{"a": 39') + 9):
        file.write_text(text[:end])
        found, told = _read(file, ())
        assert found == rows[: len(found)]
        assert len(found) == (41 if end == len(text) - 1 else 40)
        assert told == f"after entry {len(found)}: it is cut short or damaged"


def test_what_is_nested_too_deep_is_said_so(file: Path) -> None:
    deep = "[" * 5000 + "]" * 5000
    file.write_text(f'[{{"a": 1}}, {{"a": 2}}, {{"a": {deep}}}, {{"a": 4}}]')
    assert _read(file, ()) == (
        [{"a": 1}, {"a": 2}],
        "after entry 2: what follows is nested too deep",
    )


def test_many_arrays_of_the_same_name_cost_no_more_than_others(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 1 << 14)
    pages = ",".join(['{"entries": [1], "t": "x"}'] * 60_000)
    file.write_text(f'{{"log": {{"pages": [{pages}], "entries": [2]}}}}')
    begun = time.process_time()
    assert _read(file) == ([2], "")
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_of_a_packed_file_cut_short_all_that_is_there_counts(
    file: Path, cut: int
) -> None:
    rows = [{"a": n, "text": secrets.token_hex(30)} for n in range(2_000)]
    text = json.dumps(rows).encode()
    packed = gzip.compress(text)
    file.write_bytes(packed[: len(packed) * cut // 4])
    there = zlib.decompressobj(31).decompress(file.read_bytes())
    found, told = _read(file, ())
    assert found == rows[: len(found)]
    assert len(found) == there.count(b"}, ")
    assert told.startswith(
        f"after entry {len(found)}: it cannot be unpacked any further"
    )
