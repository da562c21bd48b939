"""What is given of the instance that a run makes must not outlive it."""

import click
import pytest

from redeploy_conformance.commands.staging import stage

LIMITS = ["cn-hangzhou", "--tag", "a=b", "--redeploys", "1", "--minutes", "1"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("DataDisk.1.DeleteWithInstance=false", "must be true"),
        ("datadisk.2.deletewithinstance=0", "must be true"),
        ("NetworkInterface.1.DeleteOnRelease=false", "must be true"),
        ("LaunchTemplateId=lt-1", "is not yours to give: what a template asks for"),
        ("LaunchTemplateName=mine", "is not yours to give: what a template asks for"),
    ],
)
def test_what_would_outlive_it_is_refused(given: str, why: str) -> None:
    with pytest.raises(click.BadParameter, match=why) as caught:
        stage.make_context("stage", [*LIMITS, "--launch", given])
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_what_ends_with_it_may_be_given() -> None:
    given = "DataDisk.1.DeleteWithInstance"
    context = stage.make_context("stage", [*LIMITS, "--launch", f"{given}=true"])
    assert context.params["launch"] == {given: "true"}
