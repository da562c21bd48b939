"""Faults in judging policies."""

import re

from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.calls import ACTION, RedeployCalls
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.state import Principal, Statement
from redeploy_conformance.faults.registry import fault


@fault("refusal-is-a-redirection", "U1", "U2")
class RefusalRedirects(Authority):
    """A caller who may not is answered with a redirection."""

    def refusal(self) -> ApiError:
        error = super().refusal()
        return ApiError(302, error.code, error.message)


@fault("policies-ignored", "U1")
class PoliciesIgnored(Authority):
    """Whoever has a key of the account may do everything."""

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        return True


@fault("allowed-unless-denied", "U1")
class AllowedUnlessDenied(Authority):
    """What no policy speaks of is allowed."""

    def decide(self, effects: set[str]) -> bool:
        return "Deny" not in effects


@fault("refused-with-http-500", "U1")
class RefusedWith500(Authority):
    """A caller without permission is answered with HTTP status 500."""

    def refusal(self) -> ApiError:
        error = super().refusal()
        error.status = 500
        return error


@fault("deny-ignored", "U2")
class DenyIgnored(Authority):
    """An explicit Deny does not win over an Allow."""

    def decide(self, effects: set[str]) -> bool:
        return "Allow" in effects


@fault("wildcard-matches-too-much", "U2")
class WildcardTooWide(Authority):
    """What follows the first wildcard of a pattern is not compared."""

    def matches(self, pattern: str, value: str) -> bool:
        head, wildcard, _ = pattern.partition("*")
        if wildcard:
            return value.startswith(head)
        return super().matches(pattern, value)


@fault("wildcard-not-understood", "U2")
class WildcardUnknown(Authority):
    """A wildcard in a pattern stands for itself."""

    def matches(self, pattern: str, value: str) -> bool:
        return pattern in ("*", value)


@fault("last-of-a-list-ignored", "U2")
class LastOfListIgnored(Authority):
    """The last one of several actions, or resources, of a statement is not compared."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        actions, resources = (
            some[:-1] or some for some in (statement.actions, statement.resources)
        )
        read = Statement(statement.effect, actions, resources)
        return super().applies(read, action, resource)


@fault("list-taken-for-anything", "U2")
class ListTakenForAnything(Authority):
    """A statement with several actions, or several resources, applies to all of them."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        lists = len(statement.actions) > 1 or len(statement.resources) > 1
        return lists or super().applies(statement, action, resource)


@fault("action-ignored", "U2")
class ActionIgnored(Authority):
    """A policy for another action of the service is enough."""

    def action_matches(self, statement: Statement, action: str) -> bool:
        service = action.partition(":")[0] + ":"
        return any(a == "*" or a.startswith(service) for a in statement.actions)


class _SegmentIgnored(Authority):
    """Leaves one of the segments of a resource's name out of the comparison."""

    place = 0

    def resource_matches(self, statement: Statement, resource: str) -> bool:
        value = self._without(resource)
        return any(self.matches(self._without(p), value) for p in statement.resources)

    def _without(self, name: str) -> str:
        segments = name.split(":")
        if len(segments) > self.place:
            segments[self.place] = ""
        return ":".join(segments)


@fault("region-ignored", "U2")
class RegionIgnored(_SegmentIgnored):
    """A policy for another region is enough."""

    place = 2


@fault("account-ignored", "U2")
class AccountIgnored(_SegmentIgnored):
    """A policy that names another account is enough."""

    place = 3


@fault("instance-ignored", "U2")
class InstanceIgnored(_SegmentIgnored):
    """A policy for another instance is enough."""

    place = 4


@fault("last-statement-wins", "U2")
class LastWins(Authority):
    """Of the statements that apply the last one decides, also against an explicit Deny."""

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        if principal.statements is None:
            return True
        effects = [
            statement.effect
            for statement in principal.statements
            if self.applies(statement, action, resource)
        ]
        return effects[-1:] == ["Allow"]


@fault("action-compared-by-its-beginning", "U2")
class ActionBegins(Authority):
    """An action that begins as the pattern says is taken for one that it names."""

    def action_matches(self, statement: Statement, action: str) -> bool:
        return any(self.matches(f"{one}*", action) for one in statement.actions)


@fault("resource-compared-by-its-beginning", "U2")
class ResourceBegins(Authority):
    """A resource that begins as the pattern says is taken for one that it names."""

    def resource_matches(self, statement: Statement, resource: str) -> bool:
        return any(self.matches(f"{one}*", resource) for one in statement.resources)


@fault("deny-for-all-ignored", "U2")
class DenyForAllIgnored(Authority):
    """A Deny for every action is not heeded."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        for_all = statement.effect == "Deny" and "*" in statement.actions
        return not for_all and super().applies(statement, action, resource)


@fault("nothing-granted-is-enough-when-stopped", "U1")
class EnoughWhenStopped(RedeployCalls):
    """A caller to whom nothing is granted may redeploy a Stopped instance."""

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        instance = principal.account.instances.get(instance_id)
        stopped = instance is not None and instance.status == "Stopped"
        if stopped and principal.statements == ():
            return None
        return super().permission_problem(principal, instance_id)


@fault("allowed-once-allowed-for-all", "U1", "U2")
class AllowedOnce(RedeployCalls):
    """Who was once allowed to redeploy an instance may from then on redeploy every one."""

    allowed: frozenset[str] = frozenset()

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        if principal.access_key_id in self.allowed:
            return None
        refusal = super().permission_problem(principal, instance_id)
        if refusal is None:
            self.allowed |= {principal.access_key_id}
        return refusal


@fault("resource-without-its-region", "U1", "U2")
class ResourceWithoutRegion(RedeployCalls):
    """What is redeployed is compared under a name with a star for its region."""

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        account_id = principal.account.account_id
        resource = f"acs:ecs:*:{account_id}:instance/{instance_id}"
        if self.authority.allows(principal, ACTION, resource):
            return None
        return self.authority.refusal()


@fault("first-statement-wins", "U2")
class FirstWins(Authority):
    """Of the statements that apply the first one decides, also against an explicit Deny."""

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        if principal.statements is None:
            return True
        effects = (
            statement.effect
            for statement in principal.statements
            if self.applies(statement, action, resource)
        )
        return next(effects, "Deny") == "Allow"


@fault("deny-by-wildcard-ignored", "U2")
class DenyNeedsExact(Authority):
    """A Deny counts only if it names the resource itself."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        if statement.effect == "Deny" and resource not in statement.resources:
            return False
        return super().applies(statement, action, resource)


@fault("deny-by-action-or-resource", "U2")
class DenyByEither(Authority):
    """A Deny applies if its action or its resource matches."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        if statement.effect == "Deny" and self.action_matches(statement, action):
            return True
        if statement.effect == "Deny":
            return self.resource_matches(statement, resource)
        return super().applies(statement, action, resource)


@fault("only-the-first-of-a-list-read", "U2")
class FirstOfListOnly(Authority):
    """Of several actions, or resources, of a statement only the first one is compared."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        first = Statement(
            statement.effect, statement.actions[:1], statement.resources[:1]
        )
        return super().applies(first, action, resource)


@fault("pattern-found-anywhere", "U2")
class FoundAnywhere(Authority):
    """A pattern matches whatever holds it."""

    def matches(self, pattern: str, value: str) -> bool:
        return super().matches(f"*{pattern}*", value)


@fault("pattern-not-bound-at-its-end", "U2")
class EndNotBound(Authority):
    """A pattern matches whatever begins as it says."""

    def matches(self, pattern: str, value: str) -> bool:
        return super().matches(f"{pattern}*", value)


@fault("wildcard-only-at-the-end", "U2")
class WildcardAtEnd(Authority):
    """A wildcard is understood only at the end of a pattern."""

    def matches(self, pattern: str, value: str) -> bool:
        if pattern.endswith("*"):
            return value.startswith(pattern[:-1])
        return pattern == value


@fault("wildcard-within-one-segment", "U2")
class WildcardWithinSegment(Authority):
    """A star stands for no colon and no slash."""

    def matches(self, pattern: str, value: str) -> bool:
        inner = re.escape(pattern).replace(r"\*", "[^:/]*").replace(r"\?", ".")
        return re.fullmatch(inner, value, re.DOTALL) is not None
