"""What is said of jobs that failed, from the records that Snakemake logs."""

import logging

import pytest

from lucid_sprites.failures import Failures
from lucid_sprites.snakemake_internals import listen


@pytest.fixture
def logger():
    own = logging.Logger("run", logging.INFO)
    own.propagate = False
    return own


def fail(logger, job, log, message=None, output="a.png", rule="optimize"):
    record = {"event": "job_error", "rule_name": rule, "jobid": job, "output": [output],
              "log": [str(log)], "rule_msg": message}  # fmt: skip
    logger.error("Error in rule", extra=record)


def test_the_message_is_shown_at_once_and_at_the_end(logger, tmp_path, capsys):
    failures = listen(logger, silent=False)
    log = tmp_path / "job.log"
    log.write_text("index 3 attempt 0: ok\nerror: x.pb: no such file;\n  choose another\n")
    fail(logger, 1, log)
    said = "optimize failed to make a.png:\n  error: x.pb: no such file;\n    choose another\n"
    assert capsys.readouterr().err.startswith(said)
    assert failures.summary() == f"1 job failed:\n{said}  log: {log}\n"


def test_of_a_traceback_the_last_line_is_shown(logger, tmp_path):
    failures = listen(logger, silent=False)
    log = tmp_path / "job.log"
    log.write_text("Traceback (most recent call last):\n  File ...\nValueError: 3 is odd\n")
    fail(logger, 1, log)
    assert "\n  ValueError: 3 is odd\n" in failures.summary()
    assert "Traceback" not in failures.summary()


def test_hundreds_that_say_the_same_are_one_message(logger, tmp_path, capsys):
    failures = listen(logger, silent=False)
    log = tmp_path / "job.log"
    log.write_text("error: x.zip: damaged\n")
    for job in range(300):
        fail(logger, job, log, output=f"{job}.png")
    assert capsys.readouterr().err.count("damaged") == 1
    assert failures.summary().splitlines()[-1] == "  (and 299 jobs more that said the same)"
    assert failures.summary().count("damaged") == 1


def test_hundreds_that_say_something_else_are_not_pages(logger, tmp_path, capsys):
    failures = listen(logger, silent=False)
    for job in range(300):
        (tmp_path / f"{job}.log").write_text(f"error: {job}.zip: damaged\n")
        fail(logger, job, tmp_path / f"{job}.log")
    assert capsys.readouterr().err.count("damaged") == 10
    assert failures.summary().count("damaged") == 10
    assert failures.summary().endswith("and 290 jobs more\n")


def test_a_job_that_was_tried_again_did_not_fail(logger, tmp_path):
    failures = listen(logger, silent=False)
    fail(logger, 1, tmp_path / "none.log")
    logger.info("done", extra={"event": "job_finished", "job_id": 1})
    assert failures.summary() == ""


def test_where_the_log_says_nothing_the_executor_does(logger, tmp_path):
    failures = listen(logger, silent=False)
    log = tmp_path / "job.log"
    log.write_text("index 2 attempt 0: ok\n")
    fail(logger, 1, log, "SLURM status is: OUT_OF_MEMORY")
    fail(logger, 2, tmp_path / "none.log")
    fail(logger, 3, log)
    assert "OUT_OF_MEMORY" in failures.summary()
    assert "(was it killed?); the log is empty" in failures.summary()
    assert "(was it killed?); the log ends with: index 2 attempt 0: ok" in failures.summary()


@pytest.mark.parametrize("silent", [True, False])
def test_an_error_that_snakemake_hides_is_shown(logger, silent, capsys):
    listen(logger, silent)
    logger.error("WorkflowError: no such layer", extra={"event": "error", "exception": "Workflow"})
    logger.error("the whole command", extra={"event": "error", "exception": "RuleException"})
    logger.info("Select jobs to execute")
    assert capsys.readouterr().err == "WorkflowError: no such layer\n" * silent


def test_two_modules_listen_once(logger):
    assert listen(logger, silent=False) is listen(logger, silent=True)
    assert sum(isinstance(handler, Failures) for handler in logger.handlers) == 1
