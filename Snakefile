import atexit
import os
import sys

# Snakemake puts the Snakefile's folder first, and `python -m` the working directory. Put last, a
# project's numpy.py, json.py or select.py takes the place of nothing.
WORKFLOW = os.path.join(str(workflow.current_basedir), "workflow")
if {*"{}"} & {*WORKFLOW}:
    raise WorkflowError(f"{WORKFLOW}: Snakemake takes braces in this path for wildcards; rename it")
OWN = {os.path.realpath(folder) for folder in (str(workflow.current_basedir), os.getcwd())}
sys.path.sort(key=lambda folder: os.path.realpath(folder) in OWN)
sys.path.insert(0, WORKFLOW)

from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import min_version

min_version("9.0")

PYTHON = os.path.dirname(sys.executable)
if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
    # An environment takes the place in PATH of the one that is active: no other Python may be before.
    PYTHON = os.path.join(os.environ.get("CONDA_PREFIX", sys.prefix), "bin")
os.environ.update(
    PYTHONSAFEPATH="1",
    LUCID_SPRITES=os.path.join(WORKFLOW, "lucid_sprites"),
    PATH=os.pathsep.join([PYTHON, os.environ.get("PATH", "")]),
)


# Schedulers that do not pass on the environment.
envvars:
    "PYTHONSAFEPATH",


from lucid_sprites import fingerprints, layout, snakemake_internals
from lucid_sprites.config import yaml_file
from lucid_sprites.errors import UserError
from lucid_sprites.planning import images, missing_indexes, no_picture, orphans, ownership
from lucid_sprites.planning.asked import Asked
from lucid_sprites.planning.clock import Given
from lucid_sprites.planning.comparison import comparisons
from lucid_sprites.planning.load import load
from lucid_sprites.planning.marks import ComparisonMarks, ImageMarks, Marks, PageMarks, StudyMarks
from lucid_sprites.planning.redo import Redo
from lucid_sprites.planning.study_selection import plan_studies
from lucid_sprites.planning.training import trainings
from lucid_sprites.planning.viewer import PLOTS, Pages
from lucid_sprites.sprites.summary import summarize_run

FAILURES = snakemake_internals.listen(
    logger, Quietness.ALL in (workflow.output_settings.quiet or ())
)

try:
    # The workflow that uses this one as a module may have given it its config.
    if not workflow.modifier.skip_configfile:
        given = workflow.config_settings.configfiles
        for file in given or ["config.yaml"]:
            if not str(file).endswith(".json"):
                yaml_file.read_config(str(file))  # for its messages: Snakemake reads it itself
        if not given:
            workflow.configfile("config.yaml")
    results = config.get("results", "results")
    moved = snakemake_internals.take_over_prefix(workflow, results)
    if moved != results:
        config = {**config, "results": moved}
    SOURCE = " and ".join(map(str, workflow.configfiles)) or "config"
    # Some models are made by jobs: what can be rendered of them is known once they are there.
    PLAN = load(
        config,
        SOURCE,
        lambda series, instance: checkpoints.import_model.get(series=series, instance=instance),
    )
    # Nobody calls the hooks of a module (`onstart`, below).
    if workflow.is_main_process and not workflow.modifier.is_main_snakefile():
        ownership.claim(PLAN.results)
    IMAGES = images.load(config, SOURCE, PLAN)
    STUDIES = plan_studies(config, PLAN, SOURCE)
    TRAININGS = trainings(PLAN.series, PLAN.results, SOURCE)
    COMPARISONS = comparisons(PLAN.series, PLAN, SOURCE)
except UserError as error:
    raise WorkflowError(str(error)) from None

# Training is only done when it is asked for.
GIVEN, TRAINED = PLAN.only(trained=False), PLAN.only(trained=True)
GIVEN_FILES = Given(PLAN.results)
PAGES = Pages(PLAN, {**COMPARISONS.tables(), **IMAGES.tables()}, TRAININGS.logs())
ASKED = Asked(PLAN, STUDIES, IMAGES, TRAININGS, COMPARISONS, frozenset(PAGES.tables))

# What outputs say of how they were made, and what Snakemake is told where that is not as wanted.
MARKS, STUDY_MARKS = Marks(PLAN), StudyMarks(STUDIES)
IMAGE_MARKS, PAGE_MARKS = ImageMarks(IMAGES, MARKS), PageMarks(PAGES, MARKS)
COMPARISON_MARKS = ComparisonMarks(COMPARISONS, MARKS)
REDO = Redo(PLAN.results, snakemake_internals.forcing(workflow))
atexit.register(fingerprints.save)

if workflow.output_settings.quiet:
    os.environ.setdefault("TQDM_DISABLE", "1")


wildcard_constraints:
    **layout.WILDCARDS,


include: "workflow/rules/models.smk"
include: "workflow/rules/sprites.smk"
include: "workflow/rules/sheets.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/viewer.smk"
include: "workflow/rules/orphans.smk"


localrules:
    all,
    images,
    tensorboard,
    transfer,
    compare,


rule all:
    default_target: True
    input:
        GIVEN.all_preflights,
        GIVEN.all_sprites,
        GIVEN.all_sheets,
        GIVEN.all_sheet_indexes,
        GIVEN.all_losses,
        PAGES.all_pages,
        PAGES.all_plots,
        COMPARISONS.changes(GIVEN.series),
        IMAGES.all_views,
        rules.studies.input,


# What the pictures of the config's `images` excite, and nothing else.
rule images:
    input:
        IMAGES.all_views,


# Event files of all that there is to see.
rule tensorboard:
    input:
        IMAGES.all_events,


# Train the series that have a training, render every state, and compare them.
rule transfer:
    input:
        TRAININGS.targets(),
        TRAINED.all_losses,
        TRAINED.all_sprites,
        TRAINED.all_sheets,
        TRAINED.all_sheet_indexes,
        COMPARISONS.targets(TRAINED.series),
        PAGES.trained_pages,


# Compare the states of every series that has several.
rule compare:
    input:
        COMPARISONS.targets(),


onstart:
    try:
        ownership.claim(PLAN.results)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    print(end=no_picture.notice(PLAN.left_out) + missing_indexes.notice(PLAN), file=sys.stderr)


onsuccess:
    print(end=orphans.notice(ASKED), file=sys.stderr)
    made = {file for job in workflow.dag.jobs for file in job.output}
    sheets = [*PLAN.known().all_sheets(), *STUDIES.sprites.known().all_sheets()]
    wanted = [file for job in workflow.dag.targetjobs for file in job.output or job.input]
    sys.stderr.write(summarize_run([sheet for sheet in sheets if sheet in made], wanted))


onerror:
    sys.stderr.write(FAILURES.summary())
