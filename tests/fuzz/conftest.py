"""Hypothesis: the same few inputs in every run of the suite, very many in `make stress`."""

import pytest
from hypothesis import HealthCheck, settings
from shares import TRIED

_COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("few", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("many", max_examples=4_000, **_COMMON)
settings.load_profile("few")


@pytest.fixture(autouse=True)
def tried(request, record_property):
    """Hand on how many inputs a test tried, also from a worker of xdist."""
    before = TRIED[request.function.__name__]
    yield
    record_property("inputs", TRIED[request.function.__name__] - before)


def pytest_terminal_summary(terminalreporter, config):
    """Count the inputs of a run that asked for a profile."""
    if not config.getoption("--hypothesis-profile"):
        return
    counts = {
        report.nodeid.partition("::")[2]: dict(report.user_properties).get("inputs", 0)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "teardown"
    }
    terminalreporter.section("inputs tried")
    for name, count in sorted(counts.items()):
        if count:
            terminalreporter.write_line(f"{count:>9,} {name}")
    terminalreporter.write_line(f"{sum(counts.values()):>9,} in all")
