"""How properties are tried on a machine that is busy with something else."""

from hypothesis import HealthCheck, settings

# By default an example that takes 200 ms fails, and so does a test whose first ten take a second to be drawn.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
