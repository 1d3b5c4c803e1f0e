rule comparison_figures:
    input:
        COMPARISONS.sheets,
    output:
        directory(PLAN.pattern(layout.COMPARISON)),
    log:
        PLAN.pattern(layout.COMPARISON_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=COMPARISONS.figures_spec,
    shell:
        "python -m lucid_sprites.comparison.figures"
        " --spec {params.spec:q} --out {output:q} --sheets {input:q} 2> {log:q}"


rule changes:
    input:
        sheets=COMPARISONS.sheets,
        graphs=COMPARISONS.graphs,
    output:
        table=PLAN.pattern(layout.CHANGES),
        by_layer=PLAN.pattern(layout.CHANGES_BY_LAYER),
        plot=PLAN.pattern(layout.CHANGES_PLOT),
    log:
        PLAN.pattern(layout.CHANGES_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    shell:
        "python -m lucid_sprites.comparison.changes --out {output.table:q}"
        " --by-layer {output.by_layer:q} --plot {output.plot:q}"
        " --graphs {input.graphs:q} --sheets {input.sheets:q} 2> {log:q}"


rule responses:
    input:
        sheets=COMPARISONS.sheets_of_instance,
        graph=COMPARISONS.other_graph,
    output:
        PLAN.pattern(layout.RESPONSES),
    log:
        PLAN.pattern(layout.RESPONSES_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        catalogue=COMPARISONS.other_catalogue,
        strongest=COMPARISONS.strongest,
    shell:
        "python -m lucid_sprites.comparison.responses --strongest {params.strongest}"
        " --graph {input.graph:q} --catalogue {params.catalogue:q} --out {output:q}"
        " --sheets {input.sheets:q} 2> {log:q}"
