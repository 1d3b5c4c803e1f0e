localrules:
    picture_view,
    picture_table,
    tensorboard_events,


rule show_picture:
    input:
        REDO.unless(IMAGE_MARKS.archive, layout.PICTURE_ARCHIVE),
        graph=PLAN.graph,
        picture=GIVEN_FILES(IMAGES.picture),
    output:
        PLAN.pattern(layout.PICTURE_ARCHIVE),
    log:
        PLAN.pattern(layout.PICTURE_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    threads: 1
    params:
        spec=IMAGES.archive_spec,
        made=IMAGE_MARKS.archive,
    shell:
        'python "$LUCID_SPRITES" images.show_picture'
        " --spec {params.spec:q} --made {params.made} --out {output:q} 2> {log:q}"


rule picture_view:
    input:
        PLAN.pattern(layout.PICTURE_ARCHIVE),
        REDO.unless(IMAGES.view_identity, layout.PICTURE),
    output:
        PLAN.pattern(layout.PICTURE),
    log:
        PLAN.pattern(layout.VIEW_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        identity=IMAGES.view_identity,
    shell:
        'python -I -S "$LUCID_SPRITES/sprites/extract.py"'
        " {input:q} {wildcards.view}.png {output:q} {log:q}"


# Where on these pictures the viewer finds each unit.
rule picture_table:
    input:
        IMAGES.series_views,
        REDO.unless(IMAGE_MARKS.table, layout.PICTURE_TABLE),
    output:
        PLAN.pattern(layout.PICTURE_TABLE),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="pictures"),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=IMAGES.table_spec,
        made=IMAGE_MARKS.table,
    shell:
        'python "$LUCID_SPRITES" images.picture_table'
        " --spec {params.spec:q} --made {params.made} --out {output:q} 2> {log:q}"


rule tensorboard_events:
    input:
        PLAN.instance_sprites,
        IMAGES.instance_views,
        REDO.unless(IMAGE_MARKS.events, layout.EVENTS),
    output:
        directory(PLAN.pattern(layout.EVENTS)),
    log:
        PLAN.pattern(layout.EVENTS_LOG),
    priority: 2  # as losses
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=IMAGES.events_spec,
        made=IMAGE_MARKS.events,
    shell:
        'python "$LUCID_SPRITES" tensorboard.instance_events'
        " --spec {params.spec:q} --made {params.made} --out {output:q} 2> {log:q}"
