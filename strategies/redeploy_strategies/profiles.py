"""Settings of Hypothesis, by what a call costs.

The explain phase and shrinking multiply the calls of a failing walk many times over, and the suite
reduces counterexamples on its own steps: both stay off.
"""

from hypothesis import HealthCheck, Phase, settings


def cheap(walks: int, steps: int) -> settings:
    """Return settings for an implementation whose clock is stepped: calls cost next to nothing."""
    return settings(
        max_examples=walks,
        stateful_step_count=steps,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
