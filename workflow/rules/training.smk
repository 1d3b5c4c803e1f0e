rule prepare_dataset:
    input:
        GIVEN_FILES(TRAININGS.dataset_sources),
        REDO.unless(TRAININGS.dataset_made, layout.DATASET, silence=True),
    output:
        dataset=PLAN.pattern(layout.DATASET),
        report=PLAN.pattern(layout.DATASET_REPORT),
    log:
        PLAN.pattern(layout.DATASET_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=TRAININGS.dataset_spec,
        files=TRAININGS.fingerprint,
    shell:
        'python "$LUCID_SPRITES" training.prepare_dataset --spec {params.spec:q}'
        " --out {output.dataset:q} --report {output.report:q} 2> {log:q}"


rule train:
    input:
        REDO.unless(TRAININGS.segment_made, layout.CHECKPOINT, silence=True),
        previous=TRAININGS.previous,
        dataset=TRAININGS.dataset,
        weights=GIVEN_FILES(TRAININGS.weights),
    output:
        checkpoint=PLAN.pattern(layout.CHECKPOINT),
        graph=PLAN.pattern(layout.TRAINED_GRAPH),
        rows=PLAN.pattern(layout.TRAINING_ROWS),
    log:
        PLAN.pattern(layout.TRAINING_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    threads: TRAININGS.threads
    params:
        spec=TRAININGS.segment_spec,
    shell:
        'python "$LUCID_SPRITES" training.train --spec {params.spec:q} --epoch {wildcards.epoch}'
        " --previous {input.previous:q} --dataset {input.dataset:q}"
        " --checkpoint {output.checkpoint:q} --graph {output.graph:q} --rows {output.rows:q}"
        " 2> {log:q}"


rule training_metrics:
    input:
        TRAININGS.rows,
        REDO.unless(TRAININGS.metrics_made, layout.METRICS),
    output:
        csv=PLAN.pattern(layout.METRICS),
        plot=report(
            PLAN.pattern(layout.METRICS_PLOT),
            caption="../report/training.rst",
            category="Training",
            subcategory="{series}",
            labels={"plot": "training curves"},
        ),
        tensorboard=directory(PLAN.pattern(layout.TENSORBOARD)),
    log:
        PLAN.pattern(layout.METRICS_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        made=TRAININGS.metrics_made,
    shell:
        'python "$LUCID_SPRITES" training.metrics --rows {input:q} --made {params.made}'
        " --csv {output.csv:q} --plot {output.plot:q} --tensorboard {output.tensorboard:q}"
        " 2> {log:q}"
