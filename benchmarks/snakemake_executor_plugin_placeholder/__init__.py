"""`snakemake --executor placeholder`: jobs that only leave a placeholder where each output belongs.

All else is a run like any other: what Snakemake decides, checks and records. Found by Snakemake
when the folder above is on PYTHONPATH.
"""

from dataclasses import dataclass, field
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.settings import (
    CommonSettings,
    ExecMode,
    ExecutorSettingsBase,
)

# A sheet without cells: what sheets say is read at the end of a run.
_PLACEHOLDER = (
    '{"made": "%s", "series": "", "instance": "", "layer": "", "number": 0, "threshold": 0,'
    ' "cell": 1, "cells": []}'
)

common_settings = CommonSettings(
    non_local_exec=False, implies_no_shared_fs=False, job_deploy_sources=False
)


@dataclass
class ExecutorSettings(ExecutorSettingsBase):
    """Options of the command line.

    Attributes:
        unscheduled: go through the jobs in any order that their files allow. What is left behind
            is the same, without the hours that Snakemake takes to choose among 100,000 jobs.
    """

    unscheduled: bool = field(default=False, metadata={"help": "without a choice of jobs"})


class Executor(RealExecutor):
    """Runs jobs one after the other."""

    def __post_init__(self) -> None:
        if self.executor_settings and self.executor_settings.unscheduled:
            # Not at the top: that module imports this one.
            from snakemake.scheduling.job_scheduler import JobScheduler

            JobScheduler.schedule = lambda _: self._run_unscheduled()

    def run_job(self, job: JobExecutorInterface) -> None:
        info = SubmittedJobInfo(job)
        self.report_job_submission(info)
        _leave_placeholders(job)
        self.report_job_success(info)

    def _run_unscheduled(self) -> bool:
        self.workflow.async_run(self._run_all())
        return True

    async def _run_all(self) -> None:
        for level in self.dag.toposorted(set(self.dag.needrun_jobs())):
            for job in level:
                _leave_placeholders(job)
                await job.postprocess()

    def shutdown(self) -> None:
        """Nothing is left running."""

    def cancel(self) -> None:
        """Nothing is left running."""

    def get_exec_mode(self) -> ExecMode:
        return ExecMode.SUBPROCESS

    def get_python_executable(self) -> str:
        raise NotImplementedError("no job has a process of its own")

    @property
    def cores(self) -> int:
        return self.workflow.resource_settings.cores


def _leave_placeholders(job: JobExecutorInterface) -> None:
    made = job.params.get("made") or job.params.get("member", "")
    for path in map(Path, job.output):
        path.parent.mkdir(parents=True, exist_ok=True)
        # As `lucid_sprites.made` has it, which cannot be imported while Snakemake starts.
        path.write_text(_PLACEHOLDER % f"lucid-sprites-made:{made};")
