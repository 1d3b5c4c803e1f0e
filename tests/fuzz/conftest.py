"""Hypothesis: the same few inputs in every run of the suite, very many in `make stress`."""

from hypothesis import HealthCheck, settings

_COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("few", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("many", max_examples=8_000, **_COMMON)
settings.load_profile("few")
