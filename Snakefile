from snakemake.utils import min_version

min_version("9.0")

import os
import sys

WORKFLOW = os.path.join(str(workflow.current_basedir), "workflow")
sys.path.insert(0, WORKFLOW)
# Jobs find the package, and the Python that Snakemake runs on.
os.environ.update(
    PYTHONPATH=WORKFLOW,
    LUCID_SPRITES=os.path.join(WORKFLOW, "lucid_sprites"),
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
)

from lucid_sprites import layout
from lucid_sprites.config import images
from lucid_sprites.config.load import check_yaml, load
from lucid_sprites.config.studies import plan_studies
from lucid_sprites.errors import UserError
from lucid_sprites.outputs.summary import summarize
from lucid_sprites.viewer.pages import Pages

try:
    # The workflow that uses this one as a module may have given it its config.
    if not (workflow.config_settings.configfiles or workflow.modifier.skip_configfile):
        check_yaml("config.yaml")
        workflow.configfile("config.yaml")
    SOURCE = " and ".join(map(str, workflow.configfiles)) or "config"
    PLAN = load(config, SOURCE)
    IMAGES = images.load(config, SOURCE, PLAN)
    STUDIES = plan_studies(config, PLAN, SOURCE)
except UserError as error:
    raise WorkflowError(str(error)) from None
PAGES = Pages(PLAN)

if workflow.output_settings.quiet:
    os.environ.setdefault("TQDM_DISABLE", "1")


report: "workflow/report/workflow.rst"


wildcard_constraints:
    series=layout.NAME,
    instance=layout.NAME,
    layer=r"\d+",
    block=r"\d+",
    index=r"\d+",
    threshold=r"\d+",
    scale=r"\d+(x\d+)?",
    study=layout.NAME,
    model=r"\w+",
    table=layout.NAME,
    image=layout.NAME,
    method=r"[a-z_]+",
    view=layout.VIEW,


include: "workflow/rules/models.smk"
include: "workflow/rules/sprites.smk"
include: "workflow/rules/sheets.smk"
include: "workflow/rules/viewer.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/studies.smk"


# Some models are made by jobs: what can be rendered of them is known once they are there.
PLAN.import_first = lambda series, instance: checkpoints.import_model.get(
    series=series, instance=instance
)
STUDIES.import_first = PLAN.import_first


localrules:
    all,
    images,
    tensorboard,


rule all:
    default_target: True
    input:
        PLAN.all_preflights,
        PLAN.all_sprites,
        PLAN.all_sheets,
        PLAN.all_losses,
        PAGES.all_pages,
        PAGES.all_plots,
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


onsuccess:
    print(summarize([*PLAN.all_sheets(), *STUDIES.all_sheets()]), file=sys.stderr)
