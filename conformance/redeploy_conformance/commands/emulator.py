"""The commands about the emulator: serve it, and try the suite on broken ones."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

import click

from redeploy_conformance.exits import leave
from redeploy_conformance.misspelt import near
from redeploy_conformance.nearness import is_loopback
from redeploy_schemas.vocabulary import RunVerdict


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "real"]),
    default="virtual",
    show_default=True,
    help="Virtual: redeploys move when the control protocol advances the clock.",
)
@click.option(
    "--time-scale", type=click.FloatRange(min=0.001), default=1.0, show_default=True
)
@click.option("--fault", metavar="ID", help="Serve a deliberately broken emulator.")
@click.option("--variant", metavar="NAME", help="Serve a legal variant by name.")
@click.option(
    "--token-env",
    metavar="NAME",
    help="Ask callers of the control protocol for the token that this environment variable holds; "
    "needed to serve other machines.",
)
def serve(
    host: str,
    port: int,
    clock: str,
    time_scale: float,
    fault: str | None,
    variant: str | None,
    token_env: str | None,
) -> None:
    """Serve the reference emulator and its control plane over HTTP."""
    from redeploy_conformance.emulator.app import Emulator
    from redeploy_conformance.emulator.serve import ServeError
    from redeploy_conformance.emulator.serve import serve as serve_emulator
    from redeploy_conformance.emulator.settings import Settings
    from redeploy_conformance.emulator.variants import variants
    from redeploy_conformance.faults.catalogue import FAULTS

    named = variants()
    if variant is not None and variant not in named:
        leave(
            RunVerdict.WRONG_USAGE,
            f"there is no variant {variant!r}; there are {', '.join(named)}",
        )
    if fault is not None and fault not in FAULTS:
        like = near(fault, FAULTS)
        leave(RunVerdict.WRONG_USAGE, f"there is no fault {fault!r}{like}")
    settings = named[variant] if variant else Settings()
    if token_env is not None:
        token = os.environ.get(token_env)
        if not token:
            text = f"the environment variable {token_env} is not set"
            leave(RunVerdict.WRONG_USAGE, text)
        settings = replace(settings, control_token=token)
    options = {"clock": clock, "time_scale": time_scale}
    if settings.control_token is None and not is_loopback(host):
        leave(
            RunVerdict.WRONG_USAGE,
            f"serving on {host} would open the control protocol to other machines: name the "
            "variable of a token with --token-env, or serve on 127.0.0.1",
        )
    emulator = (
        FAULTS[fault].build(settings, **options)
        if fault
        else Emulator(settings, **options)  # type: ignore[arg-type]
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as with Ctrl-C, below
    try:
        serve_emulator(
            emulator, host, port, ready=lambda url: click.echo(f"serving on {url}")
        )
    except ServeError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    except KeyboardInterrupt:  # how a server is meant to be ended
        sys.exit(0)


@click.command()
@click.argument("names", nargs=-1, metavar="[FAULT|VARIANT]...")
@click.option(
    "-n", "processes", type=click.IntRange(1, 64), default=2, show_default=True
)
@click.option(
    "--walks", is_flag=True, help="Walk on the legal variants too: takes twice as long."
)
@click.option(
    "--first-order",
    is_flag=True,
    help="Leave out faults that only a long history or a rare meeting shows; each legal variant does the "
    "tour and a third of the plan.",
)
def selftest(
    names: Sequence[str], processes: int, walks: bool, first_order: bool
) -> None:
    """Run the suite against broken emulators and legal variants: all, or some by name.

    Exits with 1 when one is missed, blamed wrongly, or falsely accused.
    """
    from redeploy_conformance.emulator.variants import variants
    from redeploy_conformance.faults.catalogue import FAULTS
    from redeploy_conformance.trial.selftest import line, sound, summary, trials

    known = variants()
    for name in names:
        if name not in FAULTS and name not in known:
            like = near(name, (*FAULTS, *known))
            text = f"there is no fault and no variant {name!r}{like}"
            leave(RunVerdict.WRONG_USAGE, text)
    done = []
    faults = [one for one in names or FAULTS if one in FAULTS]
    faults = [one for one in faults if not (first_order and FAULTS[one].late)]
    legal = [one for one in names or known if one in known]
    done_by = trials(faults, legal, processes, walks=walks, thirds=first_order)
    for broken, trial in done_by:
        click.echo(line(broken, trial))
        done.append((broken, trial))
    click.echo(summary(done))
    sys.exit(0 if sound(done) else 1)
