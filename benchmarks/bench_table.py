"""The measurements of `bench` as a table for people."""

from typing import Any

from cases import STEPS, WORKFLOW_NEURONS, WORKFLOW_THRESHOLDS

_COLUMNS = {
    "case": "Case",
    "engine_sprites_per_hour": "Engine, sprites/h",
    "lucid_sprites_per_hour": "lucid, sprites/h",
    "ratio": "Ratio",
    "target_ratio": "Target",
    "engine_steps_per_second_per_core": "Engine, steps/s per core",
    "lucid_steps_per_second": "lucid, steps/s",
    "engine_peak_megabytes": "Engine, peak MB",
    "lucid_peak_megabytes": "lucid, peak MB",
    "share_of_peak": "Share of arithmetic peak",
}


def line(row: dict[str, Any]) -> str:
    """A case in one line."""
    wanted = f" (target {row['target_ratio']:g})" if row["target_ratio"] else ""
    return (
        f"{row['case']}: engine {row['engine_sprites_per_hour']:.0f}, "
        f"lucid {row['lucid_sprites_per_hour']:.0f} sprites/h, ratio {row['ratio']:.1f}{wanted}"
    )


def markdown(result: dict[str, Any]) -> str:
    """The whole document."""
    rows = result["cases"]
    table = [list(_COLUMNS.values()), ["---", *["---:"] * (len(_COLUMNS) - 1)]]
    table += [[_cell(key, row) for key in _COLUMNS] for row in rows]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    return "\n".join(["# Beside lucid: speed", "", _header(result["header"]), "", *lines, "",
                      *_notes(rows)]) + "\n"  # fmt: skip


def _header(header: dict[str, Any]) -> str:
    peak = header["matmul_gigaflops_per_core"]
    measured = f"{peak:.0f} GFLOP/s of float32 matrix products on each core, " if peak else ""
    return (
        f"{header['cpu']}, {header['cores']} cores, TensorFlow {header['tensorflow']}, {measured}"
        f"medians of {header['samples']} samples, {header['date']}; made by `make bench`."
    )


def _cell(key: str, row: dict[str, Any]) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if key == "case":
        return value + (" *" if row.get("engine_steps_done", STEPS) < STEPS else "")
    if key == "share_of_peak":
        return f"{100 * value:.0f} %"
    if key in ("ratio", "target_ratio"):
        return f"{value:.3g}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _notes(rows: list[dict[str, Any]]) -> list[str]:
    """How the numbers came about."""
    notes = [
        f"- All sprites have {STEPS} steps and lucid's standard transforms. lucid 0.3.10: "
        "`render_vis` with its default threads, graph loaded once, one neuron after another, "
        "building its graph included.",
        "- Engine: two processes at once with one thread each; sprites of both together; "
        "everything after TensorFlow's import is counted. Steps are those of one sprite.",
        "- Ratio: median of the ratios of the pairs of samples, which lie next to each other in "
        "time.",
        "- Share of arithmetic peak: 4 floating-point operations for each multiplication of the "
        "network up to the layer, on the canvases of the standard transforms, in an ordinary "
        "step, beside the matrix products measured on both cores at once before and after "
        "each sample.",
        "- bfloat16: the engine's convolutions with `precision: bfloat16`, lucid's in float32; "
        "the share is still that of the float32 peak.",
    ]
    batches = [
        f"{row['case']} {row['sprites_per_worker']} ({row['batch']})"
        for row in rows
        if "batch" in row
    ]
    if batches:
        notes.append(f"- Sprites of one worker (batch): {', '.join(batches)}.")
    reckoned = [
        f"{row['case']} {row['engine_steps_done']} and {row['lucid_steps_done']}"
        for row in rows
        if row.get("engine_steps_done", STEPS) < STEPS
    ]
    if reckoned:
        notes.append(
            f"- \\* Fewer steps were done, and the time of an ordinary step was added for those up "
            f"to {STEPS}; steps done by the engine and by lucid: {', '.join(reckoned)}. Random "
            "weights."
        )
    for row in rows:
        if "seconds" in row:
            neurons, count = sum(WORKFLOW_NEURONS.values()), len(WORKFLOW_THRESHOLDS)
            notes.append(
                f"- {row['case']}: {neurons} neurons of {len(WORKFLOW_NEURONS)} layers at "
                f"{count} thresholds are {neurons * count} sprites: `snakemake -j2` in an empty "
                f"folder {row['seconds']:.0f} s from the command to the last sheet; lucid "
                f"{row['lucid_seconds']:.0f} s, reckoned from one neuron of each layer."
            )
    return notes
