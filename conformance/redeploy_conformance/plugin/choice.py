"""Which of the packaged tests a run does, where only some were asked for."""

import pytest


def chosen(
    item: pytest.Item, wanted: str | None, clauses: set[str], *, quick: bool
) -> bool:
    """Whether a test was asked for, by the name of its case, by a clause, or as a quick one."""
    spec = getattr(item, "callspec", None)
    case = None if spec is None else spec.params.get("case")
    if spec is None or case is None:
        return item.name == "test_tour" and (quick or wanted == "tour")
    if quick and "Q1" in case.clauses:
        return True
    return bool(clauses & set(case.clauses)) or spec.id == wanted
