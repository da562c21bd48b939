"""The rows of ``contract.toml`` held against each other: what one names, another one has.

The rows have the form of ``rows``. The first slip is named in one sentence: the row, and what would
be right.
"""

from collections.abc import Iterator
from typing import Any

from redeploy_schemas.rows import InvalidContractError, Row, called, meant
from redeploy_schemas.vocabulary import Forging, Part, Strength, Written

STAND_INS = ("region", "account", "instance")
"""What ``{…}`` in a policy may stand for."""

PARAMETERS = ("InstanceId", "ForceStop")
"""What a call of the suite has, so that it can be dropped."""


def cross_check(data: Row) -> None:
    """Hold the rows against each other, so that a slip is named and not lived with.

    Raises:
        InvalidContractError: a row names something that there is not, or contradicts another one.
    """
    for checked in (
        _clauses,
        _named_clauses,
        _attributes,
        _errors,
        _events,
        _transitions,
        _calls,
    ):
        for sentence in checked(data):
            raise InvalidContractError(f"contract.toml, {sentence}")


def _clauses(data: Row) -> Iterator[str]:
    for row in data["clause"]:
        place = called("clause", row)
        yield from _known(
            f"{place}: strength", row["strength"], [x.value for x in Strength]
        )
        for word in row["needs"]:
            yield from _known(f"{place}: needs", word, [x.value for x in Part])
        choices = row.get("choices")
        if row["strength"] == Strength.IMPLIED.value and "argument" not in row:
            yield f"{place} is implied and gives no argument: why its words mean nothing without it"
        if row["strength"] == Strength.OPEN.value and choices is None:
            yield f"{place} is open and has no choices: the words, or [] where it is no word"
        if row["strength"] != Strength.OPEN.value and choices is not None:
            yield f"{place} has choices and is {row['strength']}: only what is open has choices"
        if choices and len(set(choices)) < max(2, len(choices)):
            yield f"{place} has choices {choices}: two at least, all different"


def _named_clauses(data: Row) -> Iterator[str]:
    """Yield the clauses that rows name and that there are not."""
    strengths = {row["id"]: row["strength"] for row in data["clause"]}
    named = [
        (called("error", row), key, when[key])
        for row in data["error"]
        for when in row["when"]
        for key in ("clause", "code_is_open")
        if key in when
    ]
    for table, key, rows in (
        ("transition", "first_clause", data["transition"]),
        ("authorization.case", "clause", data["authorization"]["case"]),
        ("malformed", "clause", data["malformed"]),
    ):
        named += [(called(table, row), key, row[key]) for row in rows]
    for place, key, clause in named:
        if clause not in strengths:
            yield f"{place} names clause {clause}, and there is no [[clause]] with that id: add it"
        elif key == "code_is_open" and strengths[clause] != Strength.OPEN.value:
            yield f"{place} names {clause} as code_is_open, and that clause is {strengths[clause]}"


def _attributes(data: Row) -> Iterator[str]:
    for row in data["attribute"]:
        default = row["default"]
        several = row.get("set", False)
        if isinstance(default, list) is not several:
            yield f"{called('attribute', row)}: its default is a list where set = true, and only there"
            continue
        for value in default if several else [default]:
            yield from _known(
                f"{called('attribute', row)}: default", value, row["values"]
            )


def _errors(data: Row) -> Iterator[str]:
    attributes = {row["name"]: row for row in data["attribute"]}
    for row in data["error"]:
        place = called("error", row)
        if not 400 <= row["http_status"] <= 599:
            yield f"{place}: http_status {row['http_status']} is none of an error, 400 to 599"
        for when in row["when"]:
            name = when["attribute"]
            yield from _known(f"{place}: attribute", name, list(attributes))
            if ("allowed" in when) is ("forbidden" in when):
                yield f"{place}, {name}: it needs allowed or forbidden, one of the two"
            words = when.get("allowed", when.get("forbidden", []))
            for value in words:
                yield from _known(f"{place}: {name}", value, attributes[name]["values"])
            default = attributes[name]["default"]
            usual = default if isinstance(default, list) else [default]
            if any((one in words) is ("forbidden" in when) for one in usual):
                yield f"{place}: the default of {name} would already be refused"


def _events(data: Row) -> Iterator[str]:
    attributes = {row["name"]: row["values"] for row in data["attribute"]}
    statuses, unlisted = data["event_status"], data["event_unlisted"]
    types = [row["type"] for row in data["event"]]
    for row in data["event"]:
        place = called("event", row)
        if not row["statuses"]:
            yield f"{place} has no statuses: those in which a redeploy responds to it"
        for status in row["statuses"]:
            yield from _known(f"{place}: statuses", status, statuses["open"])
        for name, value in row.get("only_with", {}).items():
            yield from _known(f"{place}: only_with", name, list(attributes))
            yield from _known(f"{place}: only_with {name}", value, attributes[name])
        if row["type"] in unlisted["types"]:
            yield f"{place} is among the types of [event_unlisted], too: it is listed or not"
    for key in ("ends_isolation_gap", "may_end_isolation_gap"):
        yield from _known(f"[event_unlisted]: {key}", unlisted[key], types)
    for status in statuses["final"]:
        if status in statuses["open"]:
            yield f"[event_status] has {status} as open and as final"


def _transitions(data: Row) -> Iterator[str]:
    for row in data["transition"]:
        known = next(one for one in data["attribute"] if one["name"] == "status")[
            "values"
        ]
        for key, words in (
            ("from", [row["from"]]),
            ("path", row["path"]),
            ("through", row["through"]),
        ):
            for word in words:
                yield from _known(f"{called('transition', row)}: {key}", word, known)


def _calls(data: Row) -> Iterator[str]:
    """Yield what is wrong with the rows of calls: malformed, forged, by whom."""
    for row in data["forgery"]:
        ways = [one.value for one in Forging]
        place = called("forgery", row)
        yield from _known(f"{place}: signature", row["signature"], ways)
    for row in data["malformed"]:
        place = called("malformed", row)
        for word in row.get("drop", ()):
            yield from _known(f"{place}: drop", word, list(PARAMETERS))
        if not row.get("drop") and not row.get("set"):
            yield f"{place} neither drops nor sets a parameter: it is well formed"
    for row in data["authorization"]["case"]:
        place = called("authorization.case", row)
        forms = [one.value for one in Written]
        yield from _known(f"{place}: written", row.get("written", forms[0]), forms)
        for statement in row["statements"]:
            yield from _known(
                f"{place}: Effect", statement["Effect"], ["Allow", "Deny"]
            )
            try:
                statement["Resource"].format(**dict.fromkeys(STAND_INS, ""))
            except (KeyError, IndexError, ValueError):
                yield (
                    f"{place}: Resource {statement['Resource']!r} has more in braces than "
                    "{region}, {account} and {instance}"
                )


def _known(place: str, word: Any, known: list[Any]) -> Iterator[str]:
    if word not in known:
        yield f"{place} {word!r} is unknown: {meant(word, [str(one) for one in known])}"
