"""A long array in a JSON file, element by element: the file is never in memory as a whole."""

import re
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import msgspec

from redeploy_conformance.evidence.opening import LONGEST, opened, read_on
from redeploy_conformance.evidence.sources import LogError

PIECE = 1 << 20
"""Bytes that are read at once; an element may be longer."""
BOM = b"\xef\xbb\xbf"
FIRST = re.compile(rb'\s*(\{\s*"(?:[^"\\]|\\.)*")')
"""How an element begins that is an object: most of a file begin alike."""
OPENING, CLOSING = (b"[", b"{"), (b"]", b"}")
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
"""What a document is divided by, and its texts, where the same signs divide nothing.

A quotation mark by itself begins a text that is not there as a whole.
"""
ENDLESS = f"there is no whole entry in the next {LONGEST >> 20} MiB"
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
        count = 0
        while True:
            whole, size = _whole(rest)
            yield from whole
            count += len(whole)
            rest = rest[size:]
            if len(rest) > LONGEST:
                raise LogError(f"after entry {count}: {ENDLESS}")
            more, damage = read_on(file, max(PIECE, len(rest)))
            rest += more
            if damage is not None or not more:
                break
    try:
        if damage is None:
            yield from _at(decoder.decode(head + rest), place)
            return
        told = str(damage)
    except RecursionError:
        told = "what follows is nested too deep"
    except UNREADABLE:
        told = "it is cut short or damaged"
    whole, size = _longest(rest, list(_ends(rest)))
    yield from whole
    if damage is None and _ended(head, rest, size, decoder, place):
        told = "another document follows, which is not read: give each its own file"
    raise LogError(f"after entry {count + len(whole)}: {told}")


def _opened(
    file: BufferedIOBase, places: Sequence[tuple[str, ...]], kind: str
) -> tuple[bytes, bytes, msgspec.json.Decoder[Any], tuple[str, ...]]:
    """Return a file up to the beginning of its array, what was read of the rest, and how to read it."""
    data, damage = read_on(file, PIECE)
    data = data.removeprefix(BOM)
    ways = {place: msgspec.json.Decoder(_document(place)) for place in places}
    while True:
        end, place = _opening(data, places)
        if end:
            try:
                ways[place].decode(data[:end] + b"]" + b"}" * len(place))
            except UNREADABLE:
                break
            return data[:end], data[end:], ways[place], place
        if damage is not None:
            raise damage
        if len(data) > LONGEST:
            raise LogError(
                f"it is no {kind} as far as its first {LONGEST >> 20} MiB go"
            )
        more, damage = read_on(file, len(data))
        if not more:
            break
        data += more
    try:
        ways[places[0]].decode(data)
    except UNREADABLE as error:
        raise LogError(f"it is no {kind}: {error}") from error
    raise LogError(f"it is no {kind}")


def _opening(
    data: bytes, places: Sequence[tuple[str, ...]]
) -> tuple[int, tuple[str, ...]]:
    """Return where the array begins, and at which place; 0 where it has not begun yet.

    A text before what is opened is its name: one that is a value has a comma behind it, or an end.
    """
    names: list[str] = []
    before = b""
    for token in TOKEN.finditer(data):
        sign = token[0]
        if sign in OPENING:
            names.append(before[1:-1].decode("utf-8", "replace"))
            place = tuple(names[1:])
            if sign == b"[" and place in places:
                return token.end(), place
        elif sign in CLOSING and names:
            names.pop()
        elif sign == b'"':
            break
        before = sign if len(sign) > 1 else b""
    return 0, ()


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


def _whole(rest: bytes) -> tuple[list[msgspec.Raw], int]:
    """Return elements that are there as a whole, and how many bytes they take with their comma.

    That the last of them is followed by one that begins as the first does is a guess, and mostly
    right. That they are whole is none: they are decoded.
    """
    first = FIRST.match(rest)
    begin = rest.rfind(first[1]) if first else 0
    comma = rest.rfind(b",", 0, begin)
    if comma > 0 and not rest[comma + 1 : begin].strip():
        rows = _rows(rest, comma)
        if rows:
            return rows, comma + 1
    commas = [end for end in _ends(rest) if rest[end : end + 1] == b","]
    rows, comma = _longest(rest, commas)
    return rows, comma + 1 if rows else 0


def _ends(rest: bytes) -> Iterator[int]:
    """Yield where each element ends, as far as brackets tell; the last may be that of the array."""
    depth, last = 0, 0
    for token in TOKEN.finditer(rest):
        sign = token[0]
        if sign in OPENING:
            depth += 1
        elif sign == b"," and not depth:
            yield token.start()
        elif sign == b'"':
            return
        elif sign in CLOSING:
            depth -= 1
            if depth < 0:
                yield token.start()
                return
        last = token.end() if sign in CLOSING and not depth else 0
    if last:
        yield last


def _longest(rest: bytes, ends: Sequence[int]) -> tuple[list[msgspec.Raw], int]:
    """Return the most elements that can be decoded, and the end of the last one."""
    low, high, best = 0, len(ends), (list[msgspec.Raw](), 0)
    middle = high - 1  # mostly nothing is damaged
    while low < high:  # the first damage is behind all that can be decoded
        rows = _rows(rest, ends[middle])
        if rows:
            low, best = middle + 1, (rows, ends[middle])
        else:
            high = middle
        middle = (low + high) // 2
    return best


def _rows(rest: bytes, end: int) -> list[msgspec.Raw]:
    """Return the elements before an end; none where one of them is damaged."""
    try:
        return ROWS.decode(b"".join((b"[", memoryview(rest)[:end], b"]")))
    except UNREADABLE:
        return []


def _ended(
    head: bytes,
    rest: bytes,
    end: int,
    decoder: msgspec.json.Decoder[Any],
    place: tuple[str, ...],
) -> bool:
    """Whether a document is whole that has its last element before this end."""
    depth = len(place) + 1
    for token in TOKEN.finditer(rest, end):
        depth += (token[0] in OPENING) - (token[0] in CLOSING)
        if not depth:
            try:
                decoder.decode(head + rest[: token.end()])
            except UNREADABLE:
                return False
            return True
    return False
