"""Settings of Hypothesis, by what a call costs.

The explain phase and shrinking multiply the calls of a failing walk many times over, and the suite
reduces counterexamples on its own steps: both stay off.
"""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import ExampleDatabase


def cheap(walks: int, steps: int, database: ExampleDatabase | None) -> settings:
    """Return settings for an implementation whose clock is stepped: calls cost next to nothing.

    With a database, walks that broke a clause before are tried first.
    """
    again = () if database is None else (Phase.reuse,)
    return settings(
        max_examples=walks,
        stateful_step_count=steps,
        phases=(*again, Phase.generate),
        deadline=None,
        database=database,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
