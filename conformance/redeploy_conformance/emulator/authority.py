"""RAM policies: who may do what."""

import re
from collections.abc import Mapping
from functools import lru_cache

from redeploy_conformance.emulator.errors import ApiError, refused
from redeploy_conformance.emulator.state import Principal, Statement, World


class Authority:
    """Judges whether a principal may do an action on a resource.

    An explicit Deny wins over every Allow; what no statement allows is refused.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def require(self, principal: Principal, action: str, target: str) -> None:
        """Raise the refusal unless `action` is allowed on `target`, which is a type
        and an id such as `instance/i-1`."""
        if not self.allows(principal, action, self.resource(principal, target)):
            raise self.refusal()

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        """Whether the policies of the principal allow the action on the resource."""
        if principal.statements is None:
            return True
        effects = {
            statement.effect
            for statement in principal.statements
            if self.applies(statement, action, resource)
        }
        return self.decide(effects)

    def decide(self, effects: set[str]) -> bool:
        """What the effects of all statements that apply come to."""
        return "Allow" in effects and "Deny" not in effects

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        """Whether the statement speaks of the action and of the resource."""
        return self.action_matches(statement, action) and self.resource_matches(
            statement, resource
        )

    def action_matches(self, statement: Statement, action: str) -> bool:
        """Whether one of the statement's actions matches."""
        return any(self.matches(pattern, action) for pattern in statement.actions)

    def resource_matches(self, statement: Statement, resource: str) -> bool:
        """Whether one of the statement's resources matches."""
        return any(self.matches(pattern, resource) for pattern in statement.resources)

    def matches(self, pattern: str, value: str) -> bool:
        """Whether a pattern with `*` (any text) and `?` (any character) matches."""
        return pattern == "*" or _pattern(pattern).fullmatch(value) is not None

    def resource(self, principal: Principal, target: str) -> str:
        """The full name of something in the principal's account and this region."""
        region = self.world.settings.region
        return f"acs:ecs:{region}:{principal.account.account_id}:{target}"

    def refusal(self) -> ApiError:
        """The answer to a caller who may not."""
        return refused(self.world.settings.refusal)


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = (
        ".*" if sign == "*" else "." if sign == "?" else re.escape(sign)
        for sign in pattern
    )
    return re.compile("".join(parts), re.DOTALL)


def read_policy(document: object) -> tuple[Statement, ...]:
    """The statements of a RAM policy document, version 1.

    Raises ValueError on anything this reading does not understand: ignoring a part of
    a policy could allow what it forbids.
    """
    if not isinstance(document, Mapping):
        raise ValueError("a policy is not a JSON object")
    if document.get("Version", "1") != "1":
        raise ValueError("the Version of a policy is not 1")
    statements = document.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise ValueError("a policy has no Statement")
    return tuple(_read_statement(statement) for statement in statements)


def _read_statement(statement: object) -> Statement:
    if not isinstance(statement, Mapping):
        raise ValueError("a Statement is not a JSON object")
    unknown = set(statement) - {"Effect", "Action", "Resource"}
    if unknown:
        raise ValueError(f"a Statement holds unsupported {', '.join(sorted(unknown))}")
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise ValueError("the Effect of a Statement is neither Allow nor Deny")
    return Statement(
        effect=effect,
        actions=_texts(statement, "Action"),
        resources=_texts(statement, "Resource"),
    )


def _texts(statement: Mapping[str, object], name: str) -> tuple[str, ...]:
    given = statement.get(name)
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"a Statement has no {name}")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the {name} of a Statement is neither text nor a list of it")
    return tuple(texts)
