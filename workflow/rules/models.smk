localrules:
    preflight,
    preflight_report,
    download_lucid_model,


# What every model offers, and what to look out for.
rule preflight:
    input:
        PLAN.all_preflights,
        PLAN.all_range_sheets,


# Models that are there are imported when the workflow starts, and are no job's output.
checkpoint import_model:
    input:
        GIVEN_FILES(PLAN.model_files),
        REDO.unless(MARKS.model, layout.CATALOGUE),
    output:
        graph=PLAN.pattern(layout.MODEL),
        catalogue=PLAN.pattern(layout.CATALOGUE),
    log:
        PLAN.pattern(layout.MODEL_LOG),
    wildcard_constraints:
        series=PLAN.made_series,
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        job=PLAN.import_job,
    shell:
        'python "$LUCID_SPRITES" models.import_model {params.job:q} 2> {log:q}'


rule download_lucid_model:
    output:
        PLAN.pattern(layout.LUCID_MODEL),
    log:
        PLAN.pattern(layout.LUCID_MODEL_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        checksum=PLAN.lucid_checksum,
    # With "=", because Snakemake does not quote an empty checksum.
    shell:
        'python "$LUCID_SPRITES" models.loaders.download_lucid {wildcards.model}'
        " --sha256={params.checksum:q} --out {output:q} 2> {log:q}"


rule preflight_report:
    input:
        PLAN.catalogue_files,
        REDO.unless(MARKS.preflight, layout.PREFLIGHT),
    output:
        PLAN.pattern(layout.PREFLIGHT),
    log:
        PLAN.pattern(layout.PREFLIGHT_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        left_out=PLAN.left_out_of,
        made=MARKS.preflight,
    shell:
        'python "$LUCID_SPRITES" models.preflight {input:q}'
        " --left-out {params.left_out:q} --made {params.made} --out {output:q} 2> {log:q}"


# Where nothing tells a value range: units under each that people use.
rule range_sheet:
    input:
        REDO.unless(MARKS.range_sheet, layout.RANGE_SHEET),
        graph=PLAN.graph,
        catalogue=PLAN.catalogue,
    output:
        PLAN.pattern(layout.RANGE_SHEET),
    log:
        PLAN.pattern(layout.RANGE_SHEET_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    threads: 1
    params:
        made=MARKS.range_sheet,
    shell:
        'python "$LUCID_SPRITES" sprites.range_sheet --graph {input.graph:q}'
        " --catalogue {input.catalogue:q} --made {params.made} --out {output:q} 2> {log:q}"
