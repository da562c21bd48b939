"""Faults in how the task of a redeploy is listed."""

from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import (
    Account,
    Task,
)
from redeploy_conformance.faults.registry import fault


@fault("task-never-finishes", "L13")
class TaskNeverFinishes(Redeploys):
    """The task stays Processing when the redeploy is over."""

    def end_task(self, task: Task, status: str) -> None:
        return


@fault("failed-task-shows-finished", "L13")
class FailedShowsFinished(Redeploys):
    """The task of a failed redeploy shows Finished."""

    def end_task(self, task: Task, status: str) -> None:
        super().end_task(task, "Finished")


@fault("task-unlisted-when-failed", "L13")
class FailedUnlisted(Observations):
    """The task of a failed redeploy is not listed."""

    def listed_tasks(self, account: Account) -> list[Task]:
        return [t for t in super().listed_tasks(account) if t.status != "Failed"]


@fault("only-the-first-task-listed", "L13")
class FirstTaskOnly(Observations):
    """Of an account only the first task is listed."""

    def listed_tasks(self, account: Account) -> list[Task]:
        return super().listed_tasks(account)[:1]


@fault("task-of-another-operation", "L13")
class TaskOfAnother(Observations):
    """The task of a redeploy is listed as one of RebootInstance."""

    def show_task(self, task: Task) -> dict[str, object]:
        return {**super().show_task(task), "TaskAction": "RebootInstance"}
