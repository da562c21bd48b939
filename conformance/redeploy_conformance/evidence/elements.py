"""A long array in a JSON file, element by element: the file is never in memory as a whole."""

import re
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import msgspec

from redeploy_conformance.evidence.opening import opened
from redeploy_conformance.evidence.sources import LogError

PIECE = 1 << 20
"""Bytes that are read at once; an element may be longer."""
BOM = b"\xef\xbb\xbf"
FIRST = re.compile(rb'\s*(\{\s*"(?:[^"\\]|\\.)*")')
"""How an element begins that is an object: nearly always all of a file begin alike."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
ROWS = msgspec.json.Decoder(list[msgspec.Raw])


def elements(
    path: Path, places: Sequence[tuple[str, ...]], kind: str
) -> Iterator[msgspec.Raw]:
    """Yield the elements of the array in a file, as they stand there.

    ``places`` are the paths of names at which the array may be, ``()`` for a document that is one;
    ``kind`` says in words what the file should be.

    Raises:
        OSError: the file cannot be read.
        LogError: there is no such array, or the file is damaged; what came before it was yielded.
    """
    with opened(path) as file:
        head, rest, decoder, place = _opened(file, places, kind)
        first = FIRST.match(rest)
        count = 0
        while True:
            whole, size = _whole(rest, first[1]) if first else ([], 0)
            yield from whole
            count += len(whole)
            rest = rest[size:]
            more = file.read(max(PIECE, len(rest)))
            if not more:
                break
            rest += more
    try:
        yield from _at(decoder.decode(head + rest), place)
    except UNREADABLE as error:
        raise LogError(f"after entry {count}: it is cut short or damaged") from error


def _opened(
    file: BufferedIOBase, places: Sequence[tuple[str, ...]], kind: str
) -> tuple[bytes, bytes, msgspec.json.Decoder[Any], tuple[str, ...]]:
    """Return a file up to the beginning of its array, what was read of the rest, and how to read it."""
    data = file.read(PIECE).removeprefix(BOM)
    ways = [(place, msgspec.json.Decoder(_document(place))) for place in places]
    while True:
        for place, decoder in ways:
            for end in _openings(data, place):
                try:
                    shut = decoder.decode(data[:end] + b"]" + b"}" * len(place))
                except UNREADABLE:
                    continue
                if not _at(shut, place):
                    return data[:end], data[end:], decoder, place
        more = file.read(len(data))
        if not more:
            break
        data += more
    try:
        ways[0][1].decode(data)
    except UNREADABLE as error:
        raise LogError(f"it is no {kind}: {error}") from error
    raise LogError(f"it is no {kind}")


def _openings(data: bytes, place: tuple[str, ...]) -> Iterator[int]:
    """Yield where the array may begin: whether it does there is for the caller to find out."""
    name = rb'"%s"\s*:\s*\[' % place[-1].encode() if place else rb"\A\s*\["
    return (found.end() for found in re.finditer(name, data))


def _document(place: tuple[str, ...]) -> Any:
    """Return the type of a document with the array at a place."""
    kind: Any = list[msgspec.Raw]
    for name in reversed(place):
        kind = msgspec.defstruct("Holder", [(name, kind)])
    return kind


def _at(document: Any, place: tuple[str, ...]) -> list[msgspec.Raw]:
    for name in place:
        document = getattr(document, name)
    rows: list[msgspec.Raw] = document
    return rows


def _whole(rest: bytes, first: bytes) -> tuple[list[msgspec.Raw], int]:
    """Return elements that are there as a whole, and how many bytes they take.

    Where an element seems to begin is a guess. That what stands before it is a list of whole elements
    is not: it is decoded as one.
    """
    last = rest.rfind(first)
    if (rows := _rows(rest, last)) is not None:
        return rows, last
    begins = [found.start() for found in re.finditer(re.escape(first), rest)]
    low, high, best = 0, len(begins), (list[msgspec.Raw](), 0)
    while low < high:  # the first damage is behind all that can be decoded
        middle = (low + high) // 2
        rows = _rows(rest, begins[middle])
        if rows is None:
            high = middle
        else:
            low, best = middle + 1, (rows, begins[middle])
    return best


def _rows(text: bytes, end: int) -> list[msgspec.Raw] | None:
    """Return the elements of the beginning of a text, which ends with the comma before the next one."""
    comma = text.rfind(b",", 0, max(end, 0))
    if comma < 0 or text[comma + 1 : end].strip():
        return None
    try:
        return ROWS.decode(b"".join((b"[", memoryview(text)[:comma], b"]")))
    except UNREADABLE:
        return None
