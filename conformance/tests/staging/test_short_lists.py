"""A list that lacks rows which it counts: it is asked for again, and never taken for the truth."""

import json
from dataclasses import replace

import pytest

from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, MakeAccount, Watching, run_on


class Forgetful(Watching):
    """Leaves out the first row of some looks, and counts it all the same."""

    first = 1
    times = 1

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if read(request).action != "DescribeInstances" or not self.times:
            return answer
        fields = json.loads(answer.body)
        rows = fields["Instances"]["Instance"]
        if len(self.requests) < self.first or not rows:
            return answer
        del rows[0]
        self.times -= 1
        return replace(answer, body=json.dumps(fields).encode())


@pytest.mark.parametrize("first", range(1, 160, 13))
def test_one_short_look_is_no_violation(account_of: MakeAccount, first: int) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    forgetful = Forgetful(account.transport())
    forgetful.first = first
    result = run_on(account, forgetful)
    assert forgetful.times == 0
    assert (result.findings, result.problems) == ((), ())
    assert account.shown() == before


def test_a_list_that_is_short_each_time_counts_as_unread(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    forgetful = Forgetful(account.transport())
    run = account.begin(transport=forgetful)
    with run.journal:
        first = next(iter(account.shown()))
        forgetful.times = 99
        with pytest.raises(SetUpError, match="lists 0 of the 1 rows that it counts"):
            run.reader.describe([first], run.wallet())
