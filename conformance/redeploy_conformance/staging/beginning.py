"""How a staging run is begun, or gone on with from its journal."""

import secrets
from collections.abc import Callable
from pathlib import Path

from redeploy_conformance.staging.access import StagingApi, Wallet
from redeploy_conformance.staging.clock import Clock, RealClock
from redeploy_conformance.staging.fence import Fence
from redeploy_conformance.staging.journal import Journal, JournalError, beginning
from redeploy_conformance.staging.outputs import Outputs
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.tracing import (
    StagingWriter,
    WatchedTransport,
    Witness,
    watched,
)
from redeploy_conformance.targets.base import Target, Transport
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import STAGING


def begin(
    contract: Contract,
    settings: Settings,
    transport: Transport,
    wallet: Wallet,
    path: Path,
    say: Callable[[str], None],
    clock: Clock | None = None,
    writer: StagingWriter | None = None,
    outputs: Outputs | None = None,
) -> Staging:
    """Begin a run, its journal, and its trace where there is to be one.

    Raises:
        JournalError: the journal cannot be begun.
    """
    clock = clock or RealClock()
    started, clock = clock.wall(), watched(clock, writer)
    journal = Journal(path, new=True, wall=clock.wall)
    run = "r-" + secrets.token_hex(8)
    staging = assemble(
        contract, settings, transport, wallet, journal, say, clock, writer
    )
    if writer is not None:
        staging.past.run, staging.past.started = run, started
        staging.write_header(writer, ())
    staging.begin(run, outputs)
    return staging


def go_on(
    contract: Contract,
    connect: Callable[[Settings], Transport],
    wallet: Wallet,
    path: Path,
    say: Callable[[str], None],
    clock: Clock | None = None,
    writer: StagingWriter | None = None,
    *,
    judging: bool = True,
    outputs: Outputs | None = None,
) -> Staging:
    """Go on with the run that a journal tells of; without ``judging`` only to put things back.

    Raises:
        JournalError: it cannot be read, or what it judged by is not this contract.
    """
    clock = watched(clock or RealClock(), writer)
    journal = Journal(path, new=False, wall=clock.wall)
    lines = journal.lines()
    first = beginning(lines, path)
    if judging and first["contract_sha256"] != contract.sha256:
        raise JournalError(f"{path} is of another edition of the contract")
    settings = Settings.from_json(first["settings"])
    transport = connect(settings)
    staging = assemble(
        contract, settings, transport, wallet, journal, say, clock, writer
    )
    staging.past.read(lines, path)
    if writer is not None:
        staging.write_header(writer, lines)
    staging.go_on(outputs)
    return staging


def assemble(
    contract: Contract,
    settings: Settings,
    transport: Transport,
    wallet: Wallet,
    journal: Journal,
    say: Callable[[str], None],
    clock: Clock,
    witness: Witness | None,
) -> Staging:
    """Return a run of which nothing has happened yet."""
    past = Past()
    if witness is not None:
        transport = WatchedTransport(transport, witness)
    reader = reader_of(settings, transport, clock, say)
    fence = Fence(transport, reader, wallet, settings, contract, journal, past)
    api = reader_of(settings, fence, clock, say)
    reader.watcher = api.watcher = witness
    return Staging(
        contract=contract,
        settings=settings,
        transport=transport,
        wallet=wallet,
        journal=journal,
        past=past,
        clock=clock,
        reader=reader,
        api=api,
        fence=fence,
        say=say,
        witness=witness,
    )


def reader_of(
    settings: Settings,
    transport: Transport,
    clock: Clock,
    say: Callable[[str], None],
) -> StagingApi:
    """Return the operations on a transport; ``say`` is told of long waits."""
    statement = settings.statement
    target = Target(statement.name, STAGING, transport, statement)
    return StagingApi(target, region=settings.region, clock=clock, say=say)
