localrules:
    render_sprite,


rule optimize:
    input:
        REDO.unless(MARKS.block, layout.BLOCK),
        graph=PLAN.graph,
    output:
        PLAN.pattern(layout.BLOCK),
    log:
        PLAN.pattern(layout.BLOCK_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.block_megabytes,
        runtime=PLAN.block_minutes,
    params:
        spec=PLAN.block_spec,
        store=PLAN.store,
        made=MARKS.block,
    shell:
        'python "$LUCID_SPRITES" sprites.optimize_block --spec {params.spec:q}'
        " --store {params.store:q} --made {params.made} --out {output:q} --log {log:q}"


rule render_sprite:
    input:
        REDO.unless(PLAN.member, layout.SPRITE, input=PLAN.block_of_sprite),
    output:
        PLAN.pattern(layout.SPRITE),
    log:
        PLAN.pattern(layout.SPRITE_LOG),
    priority: 1  # before the next block: each choice of a job looks at all that could start
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        member=PLAN.member,
    # A process for each sprite: without the site packages it starts in half the time.
    shell:
        'python -I -S "$LUCID_SPRITES/sprites/extract.py"'
        " {input:q} {params.member:q} {output:q} {log:q}"
