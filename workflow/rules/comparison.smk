localrules:
    changes,
    changes_across,


rule comparison_figures:
    input:
        COMPARISONS.sheets,
        REDO.unless(COMPARISON_MARKS.figures, layout.COMPARISON),
    output:
        directory(PLAN.pattern(layout.COMPARISON)),
    log:
        PLAN.pattern(layout.COMPARISON_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=COMPARISONS.figures_spec,
        sheets=COMPARISONS.sheet_patterns,
        made=COMPARISON_MARKS.figures,
    shell:
        'python "$LUCID_SPRITES" comparison.figures --spec {params.spec:q}'
        " --made {params.made} --out {output:q} --sheets {params.sheets:q} 2> {log:q}"


rule changes:
    input:
        REDO.unless(COMPARISON_MARKS.changes, layout.CHANGES),
        sheets=COMPARISONS.sheets,
        graphs=COMPARISONS.graphs,
    output:
        table=PLAN.pattern(layout.CHANGES),
        by_layer=PLAN.pattern(layout.CHANGES_BY_LAYER),
        shown=PLAN.pattern(layout.CHANGE_TABLE),
        plot=report(
            PLAN.pattern(layout.CHANGES_PLOT),
            caption="../report/changes.rst",
            category="Plots",
            subcategory="{series}",
            labels={"plot": "change of the neurons"},
        ),
    log:
        PLAN.pattern(layout.CHANGES_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        sheets=COMPARISONS.sheet_patterns,
        made=COMPARISON_MARKS.changes,
    shell:
        'python "$LUCID_SPRITES" comparison.changes --made {params.made} --out {output.table:q}'
        " --by-layer {output.by_layer:q} --table {output.shown:q} --plot {output.plot:q}"
        " --graphs {input.graphs:q} --sheets {params.sheets:q} 2> {log:q}"


# The figures and changes of a state beside one of another series.
use rule comparison_figures as figures_across with:
    input:
        COMPARISONS.sheets_across,
        REDO.unless(COMPARISON_MARKS.figures_across, layout.ACROSS),
    output:
        directory(PLAN.pattern(layout.ACROSS)),
    log:
        PLAN.pattern(layout.ACROSS_LOG),
    params:
        spec=COMPARISONS.figures_spec_across,
        sheets=COMPARISONS.sheet_patterns_across,
        made=COMPARISON_MARKS.figures_across,


rule changes_across:
    input:
        REDO.unless(COMPARISON_MARKS.changes_across, layout.ACROSS_CHANGES),
        sheets=COMPARISONS.sheets_across,
        graphs=COMPARISONS.graphs_across,
    output:
        table=PLAN.pattern(layout.ACROSS_CHANGES),
        by_layer=PLAN.pattern(layout.ACROSS_BY_LAYER),
        plot=PLAN.pattern(layout.ACROSS_PLOT),
    log:
        PLAN.pattern(layout.ACROSS_CHANGES_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        sheets=COMPARISONS.sheet_patterns_across,
        made=COMPARISON_MARKS.changes_across,
    shell:
        'python "$LUCID_SPRITES" comparison.changes --made {params.made} --out {output.table:q}'
        " --by-layer {output.by_layer:q} --plot {output.plot:q}"
        " --graphs {input.graphs:q} --sheets {params.sheets:q} 2> {log:q}"


rule responses:
    input:
        REDO.unless(COMPARISON_MARKS.responses, layout.RESPONSES),
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
        sheets=COMPARISONS.sheet_patterns_of_instance,
        made=COMPARISON_MARKS.responses,
    shell:
        'python "$LUCID_SPRITES" comparison.responses --strongest {params.strongest} --made {params.made}'
        " --graph {input.graph:q} --catalogue {params.catalogue:q} --out {output:q}"
        " --sheets {params.sheets:q} 2> {log:q}"
