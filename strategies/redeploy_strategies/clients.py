"""What client libraries are tried with: ids that are hard to encode, answers of every legal form."""

from typing import Any

from hypothesis import strategies as st

from redeploy_schemas.contract import ErrorRow

SPECIAL = " +*~%&=/?#;:@!$'(),.-_<>[]{}|\\^`\""
"""Characters with a meaning of their own somewhere in an address, a form or a signature."""

OTHER = "éßñ例实ж中א😀\u0301"
"""Letters beyond ASCII, of two, three and four bytes, and one that joins the letter before it."""

PLAIN = "abzAZ059"
ENVELOPE = frozenset({"TaskId", "RequestId", "Code", "Message", "HostId", "Success"})
"""Names of fields that mean something: no unknown field has one."""


def instance_ids() -> st.SearchStrategy[str]:
    """Draw an InstanceId: any text without control characters is one, for a client."""
    characters = st.sampled_from(SPECIAL + OTHER + PLAIN)
    return st.builds(
        lambda rest: f"i-{rest}", st.text(characters, min_size=1, max_size=24)
    )


def answer_ids() -> st.SearchStrategy[str]:
    """Draw a TaskId or a RequestId: non-empty texts, also such as look like something else."""
    characters = st.sampled_from(PLAIN + "-_.:/+=\"\\'<&%" + OTHER)
    texts = st.text(characters, min_size=1, max_size=40)
    digits = st.integers(10**16, 10**24).map(str)
    looks = st.sampled_from(("null", "true", "0", "007", "1e5", "-1", "NaN", "[]"))
    return st.one_of(texts, digits, looks)


def messages() -> st.SearchStrategy[str]:
    """Draw the text of an error whose text is free."""
    characters = st.sampled_from(PLAIN + "  .,:-_'\"<>&%\\/{}" + OTHER)
    return st.text(characters, min_size=1, max_size=60).filter(
        lambda text: text == " ".join(text.split()) and text.strip(" .:") != ""
    )


def unknown_fields() -> st.SearchStrategy[dict[str, Any]]:
    """Draw fields that no client knows."""
    names = st.text(st.sampled_from("ABCdefgIx_-é9"), min_size=1, max_size=12)
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.text(st.sampled_from(PLAIN + OTHER + ' "\\/{}'), max_size=12),
    )
    values = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)
        ),
        max_leaves=8,
    )
    return st.dictionaries(
        names.filter(lambda name: name not in ENVELOPE), values, max_size=4
    )


def successes() -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """Draw a TaskId, a RequestId and unknown fields."""
    return st.tuples(answer_ids(), answer_ids(), unknown_fields())


def errors(row: ErrorRow) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """Draw a message, a RequestId and unknown fields of an error of the table."""
    text = messages() if row.message == "%s" else st.just(row.message)
    ids = st.uuids().map(lambda one: str(one).upper())
    return st.tuples(text, ids, unknown_fields())


def shares() -> st.SearchStrategy[float]:
    """Draw how much of an answer's body comes before it ends: never all of it."""
    return st.integers(1, 98).map(lambda percent: percent / 100)
