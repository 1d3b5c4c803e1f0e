localrules:
    losses,
    spritesheet,


rule losses:
    input:
        PLAN.instance_blocks,
        PLAN.instance_sprites,
        REDO.unless(MARKS.losses, layout.LOSSES),
    output:
        PLAN.pattern(layout.LOSSES),
    log:
        PLAN.pattern(layout.LOSSES_LOG),
    priority: 2  # before more sprites: each choice of a job looks at all of these inputs
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=PLAN.losses_spec,
        made=MARKS.losses,
    shell:
        'python "$LUCID_SPRITES" sprites.losses'
        " --spec {params.spec:q} --made {params.made} --out {output:q} 2> {log:q}"


rule spritesheet:
    input:
        PLAN.sheet_sprites,
        REDO.unless(MARKS.sheet, layout.SHEET),
        REDO.unless(MARKS.sheet_index, layout.SHEET_INDEX),
    output:
        sheet=report(
            PLAN.pattern(layout.SHEET),
            caption="../report/sheet.rst",
            category="Spritesheets",
            subcategory="{series} {instance}",
            labels={"layer": "{layer}", "threshold": "{threshold}"},
        ),
        index=PLAN.pattern(layout.SHEET_INDEX),
    log:
        PLAN.pattern(layout.SHEET_LOG),
    priority: 2  # as above
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=PLAN.sheet_spec,
        made=MARKS.sheet,
    shell:
        'python "$LUCID_SPRITES" sprites.sheet'
        " --spec {params.spec:q} --made {params.made} --out {output.sheet:q} 2> {log:q}"
