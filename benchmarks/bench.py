"""The engine and the whole workflow beside lucid 0.3.10, in one run.

Each sample is a pair: lucid renders one neuron, with its default threads and nothing else going
on; then two workers of the engine with one thread each render whole batches at the same time, as
`snakemake -j2` has them. The numbers are medians over the samples.
"""

import argparse
import dataclasses
import datetime
import json
import multiprocessing
import os
import platform
import tempfile
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean, median
from typing import Any

import bench_table
import cases
import engine_worker
import lucid_baseline
import random_networks
import workflow_run
from cases import Case
from engine_worker import EngineSample, Job
from lucid_baseline import LucidSample

from lucid_sprites.engine import precision
from lucid_sprites.files import write_whole
from lucid_sprites.planning import cost
from lucid_sprites.recipe.settings import DEFAULTS

_WORKERS = 2
_HOUR = 3600


class Bench:
    """The worker processes and the frozen graphs that the cases share."""

    def __init__(self, engine: ProcessPoolExecutor, folder: Path, samples: int) -> None:
        """`engine` starts a fresh worker for each call, `folder` is for the graphs."""
        self._engine = engine
        self._folder = folder
        self._samples = samples
        self._catalogues: dict[Path, dict[str, Any]] = {}
        self.peaks: list[float] = []

    def layer(self, case: Case) -> dict[str, Any]:
        """Measure one layer of one network."""
        graph, node = self._graph(case)
        catalogue = self._catalogue(graph)
        picture = catalogue["input"]
        (layer,) = [layer for layer in catalogue["layers"] if layer["name"] == node]
        jobs = self._jobs(case, graph, picture, layer)
        pairs, peaks = [], []
        with _spawned() as lucid:
            lucid.submit(lucid_baseline.start, str(graph), picture, node, case.scale).result()
            for number in range(self._samples):
                neuron = jobs[0].indexes[number % len(jobs[0].indexes)]
                neuron_of = (str(graph), picture, node, neuron, case.scale, [case.lucid_steps])
                slow = lucid.submit(lucid_baseline.render, *neuron_of).result()
                before = self._peak()
                pairs.append((slow, self._both(jobs)))
                peaks.append(mean([before, self._peak()]))
        flops = 4 * self._multiplications(case, graph, picture, node)
        return _layer_row(case, jobs[0], pairs, peaks, flops)

    def workflow(self) -> dict[str, Any]:
        """Measure the whole workflow."""
        catalogue = self._catalogue(cases.MOBILENET)
        common = (str(cases.MOBILENET), catalogue["input"])
        thresholds = list(cases.WORKFLOW_THRESHOLDS)
        pairs = []
        with _spawned() as lucid:
            first = next(iter(cases.WORKFLOW_NEURONS))
            lucid.submit(lucid_baseline.start, *common, first, cases.WORKFLOW_SCALE).result()
            for number in range(self._samples):
                slow = {}
                for layer in cases.WORKFLOW_NEURONS:
                    neuron = (*common, layer, number, cases.WORKFLOW_SCALE, thresholds)
                    slow[layer] = lucid.submit(lucid_baseline.render, *neuron).result()
                pairs.append((slow, workflow_run.run()))
        return _workflow_row(pairs)

    def _graph(self, case: Case) -> tuple[Path, str]:
        """The graph file of a case, made if need be, and the node of its layer."""
        if case.network == "mobilenet":
            return cases.MOBILENET, case.layer
        path, node = self._folder / f"{case.network}.pb", self._folder / f"{case.network}.txt"
        if not path.exists():
            print(f"{case.network}: freezing a network of random weights", flush=True)
            with _spawned() as process:
                freeze = process.submit(random_networks.freeze, case.network, case.layer, path)
                node.write_text(freeze.result())
        return path, node.read_text()

    def _catalogue(self, graph: Path) -> dict[str, Any]:
        if graph not in self._catalogues:
            described = self._engine.submit(engine_worker.describe, str(graph))
            self._catalogues[graph] = described.result()
        return self._catalogues[graph]

    def _jobs(
        self, case: Case, graph: Path, picture: dict[str, Any], layer: dict[str, Any]
    ) -> list[Job]:
        """One job for each worker: what one job of the workflow has to do, up to a limit."""
        batch, block = cost.sizes(
            layer["macs"], layer["activations"], {**DEFAULTS, "scale": case.scale}
        )
        batches = max(1, min(block, layer["depth"]) // batch)
        batches = min(batches, case.most_batches)
        count = min(_WORKERS * batch * batches, layer["depth"])
        job = Job(str(graph), picture, layer["name"], list(range(count)), case.scale, batch,
                  batches, case.engine_steps, case.precision)  # fmt: skip
        living = self._engine.submit(engine_worker.living_channels, job).result()
        start = batch * batches % len(living)
        return [
            dataclasses.replace(job, indexes=living),
            dataclasses.replace(job, indexes=living[start:] + living[:start]),
        ]

    def _both(self, jobs: list[Job]) -> list[EngineSample]:
        """All workers at once."""
        flags = Path(tempfile.mkdtemp(dir=self._folder))
        pending = [
            self._engine.submit(engine_worker.render_beside_others, job, flags, len(jobs))
            for job in jobs
        ]
        return [future.result() for future in pending]

    def _peak(self) -> float:
        """GFLOP/s of matrix products of one core while the other does the same."""
        pending = [self._engine.submit(engine_worker.matmul_peak) for _ in range(_WORKERS)]
        peak = mean(future.result() for future in pending)
        self.peaks.append(peak)
        return peak

    def _multiplications(
        self, case: Case, graph: Path, picture: dict[str, Any], node: str
    ) -> float:
        """Of one forward pass, mean over the canvases of the standard transforms."""
        network = (str(graph), picture["name"], picture["channels"], node)
        pending = [
            self._engine.submit(engine_worker.multiplications, *network, edge)
            for edge in cases.canvas_edges(case.scale)
        ]
        return mean(future.result() for future in pending)


def main() -> None:
    """Measure the chosen cases and write the table."""
    arguments = _arguments()
    layer_cases = [case for case in cases.LAYER_CASES if _chosen(case.name, arguments.cases)]
    if not precision.has_bfloat16():
        print("Skipping bfloat16: this processor has no arithmetic for it.")
        layer_cases = [case for case in layer_cases if case.precision == "float32"]
    whole_workflow = _chosen(cases.WORKFLOW_CASE, arguments.cases)
    if not layer_cases and not whole_workflow:
        names = [*(case.name for case in cases.LAYER_CASES), cases.WORKFLOW_CASE]
        raise SystemExit(f"no such case: {arguments.cases}; there are {', '.join(names)}")
    if not cases.MOBILENET.exists():
        print("Skipping the MobileNet and the whole workflow: its graph is not here.")
        layer_cases = [case for case in layer_cases if case.network != "mobilenet"]
        whole_workflow = False
    rows = []
    with _engine_workers() as engine, tempfile.TemporaryDirectory() as folder:
        bench = Bench(engine, Path(folder), arguments.samples)
        version = engine.submit(engine_worker.tensorflow_version).result()
        for case in layer_cases:
            rows.append(bench.layer(case))
            print(bench_table.line(rows[-1]), flush=True)
        if whole_workflow:
            rows.append(bench.workflow())
            print(bench_table.line(rows[-1]), flush=True)
        header = _header(version, bench.peaks, arguments.samples)
    result = {"header": header, "cases": rows}
    write_whole(arguments.out / "bench.json", json.dumps(result, indent=1) + "\n")
    write_whole(arguments.out / "bench.md", bench_table.markdown(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=["*"], help="names or patterns, such as vgg*")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder for the tables")
    return parser.parse_args()


def _chosen(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _engine_workers() -> ProcessPoolExecutor:
    """Two at once; each call has a new process, forked from one that has imported TensorFlow."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lean_tensorflow"])
    return ProcessPoolExecutor(_WORKERS, mp_context=context, max_tasks_per_child=1)


def _spawned() -> ProcessPoolExecutor:
    """A new process, which stays for all calls."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _layer_row(
    case: Case,
    job: Job,
    pairs: list[tuple[LucidSample, list[EngineSample]]],
    peaks: list[float],
    flops: float,
) -> dict[str, Any]:
    """Medians of all samples, and the samples themselves."""
    engine_rates = [
        sum(_HOUR * worker.sprites / worker.seconds for worker in both) for _, both in pairs
    ]
    lucid_rates = [_HOUR / slow.seconds for slow, _ in pairs]
    steps = [mean(job.batch / worker.step_seconds for worker in both) for _, both in pairs]
    shares = [rate * flops / 1e9 / peak for rate, peak in zip(steps, peaks, strict=True)]
    return {
        "case": case.name,
        "engine_sprites_per_hour": median(engine_rates),
        "lucid_sprites_per_hour": median(lucid_rates),
        "ratio": median(e / s for e, s in zip(engine_rates, lucid_rates, strict=True)),
        "target_ratio": case.target,
        "engine_steps_per_second_per_core": median(steps),
        "lucid_steps_per_second": median(1 / slow.step_seconds for slow, _ in pairs),
        "engine_peak_megabytes": max(worker.peak_megabytes for _, both in pairs for worker in both),
        "lucid_peak_megabytes": max(slow.peak_megabytes for slow, _ in pairs),
        "share_of_peak": median(shares),
        "gigaflops_per_step": flops / 1e9,
        "batch": job.batch,
        "sprites_per_worker": job.batch * job.batches,
        "engine_steps_done": case.engine_steps,
        "lucid_steps_done": case.lucid_steps,
        "samples": [
            {
                "lucid": dataclasses.asdict(slow),
                "engine": [dataclasses.asdict(worker) for worker in both],
                "matmul_gigaflops_per_core": peak,
            }
            for (slow, both), peak in zip(pairs, peaks, strict=True)
        ],
    }


def _workflow_row(
    pairs: list[tuple[dict[str, LucidSample], workflow_run.WorkflowSample]],
) -> dict[str, Any]:
    """lucid's time for all neurons is reckoned from its neuron of each layer."""
    reckoned = [
        sum(count * slow[layer].seconds for layer, count in cases.WORKFLOW_NEURONS.items())
        for slow, _ in pairs
    ]
    engine_rates = [_HOUR * run.sprites / run.seconds for _, run in pairs]
    lucid_rates = [
        _HOUR * run.sprites / seconds for seconds, (_, run) in zip(reckoned, pairs, strict=True)
    ]
    return {
        "case": cases.WORKFLOW_CASE,
        "engine_sprites_per_hour": median(engine_rates),
        "lucid_sprites_per_hour": median(lucid_rates),
        "ratio": median(e / s for e, s in zip(engine_rates, lucid_rates, strict=True)),
        "target_ratio": cases.WORKFLOW_TARGET,
        "lucid_peak_megabytes": max(s.peak_megabytes for slow, _ in pairs for s in slow.values()),
        "seconds": median(run.seconds for _, run in pairs),
        "lucid_seconds": median(reckoned),
        "samples": [
            {
                "lucid": {layer: dataclasses.asdict(sample) for layer, sample in slow.items()},
                "workflow": dataclasses.asdict(run),
            }
            for slow, run in pairs
        ],
    }


def _header(tensorflow: str, peaks: list[float], samples: int) -> dict[str, Any]:
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "tensorflow": tensorflow,
        "matmul_gigaflops_per_core": median(peaks) if peaks else None,
        "samples": samples,
        "date": datetime.date.today().isoformat(),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
