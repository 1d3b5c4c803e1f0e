from snakemake.utils import min_version

min_version("9.0")

import os
import sys

WORKFLOW = os.path.join(workflow.basedir, "workflow")
sys.path.insert(0, WORKFLOW)
# Jobs find the package, and the Python that Snakemake runs on.
os.environ.update(
    PYTHONPATH=WORKFLOW,
    LUCID_SPRITES=os.path.join(WORKFLOW, "lucid_sprites"),
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
)

from lucid_sprites import layout
from lucid_sprites.config.load import check_yaml, load
from lucid_sprites.config.studies import plan_studies
from lucid_sprites.errors import UserError
from lucid_sprites.outputs.summary import summarize

try:
    if not workflow.config_settings.configfiles:
        check_yaml("config.yaml")
        workflow.configfile("config.yaml")
    CONFIG_NAME = " and ".join(map(str, workflow.configfiles))
    PLAN = load(config, CONFIG_NAME)
    STUDIES = plan_studies(config, PLAN, CONFIG_NAME)
except UserError as error:
    raise WorkflowError(str(error)) from None

if workflow.output_settings.quiet:
    os.environ.setdefault("TQDM_DISABLE", "1")


wildcard_constraints:
    series=layout.NAME,
    instance=layout.NAME,
    layer=r"\d+",
    block=r"\d+",
    index=r"\d+",
    threshold=r"\d+",
    scale=r"\d+(x\d+)?",
    study=layout.NAME,


include: "workflow/rules/sprites.smk"
include: "workflow/rules/sheets.smk"
include: "workflow/rules/studies.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        PLAN.all_sprites(),
        PLAN.all_sheets(),
        PLAN.all_losses(),
        rules.studies.input,


onsuccess:
    print(summarize([*PLAN.all_sheets(), *STUDIES.all_sheets()]), file=sys.stderr)
