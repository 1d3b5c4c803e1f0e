localrules:
    viewer_layer,
    viewer_sheet,
    viewer_table,
    manifest,
    series_page,
    start_page,
    bundle_series,
    viewer,
    bundle,
    plots,


rule viewer_layer:
    input:
        PAGES.layer_inputs,
    output:
        PLAN.pattern(layout.PAGE_CELLS),
        PLAN.pattern(layout.PAGE_DETAILS),
        PLAN.pattern(layout.PAGE_SUMMARY),
    log:
        PLAN.pattern(layout.PAGE_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=PAGES.layer_spec,
    shell:
        'python "$LUCID_SPRITES" viewer.layer_data --spec {params.spec:q} 2> {log:q}'


rule viewer_sheet:
    input:
        PLAN.pattern(layout.SHEET),
    output:
        PLAN.pattern(layout.PAGE_PIXELS),
    log:
        PLAN.pattern(layout.PIXELS_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        key="{series}/{instance}/{layer}/{threshold}",
    shell:
        'python "$LUCID_SPRITES" viewer.sheet_pixels'
        " --key {params.key:q} --sheet {input:q} --out {output:q} 2> {log:q}"


rule viewer_table:
    input:
        PAGES.table,
    output:
        PLAN.pattern(layout.PAGE_TABLE),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="table_{table}"),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        key="{series}/tables/{table}",
    shell:
        'python "$LUCID_SPRITES" viewer.table'
        " --key {params.key:q} --table {input:q} --out {output:q} 2> {log:q}"


rule manifest:
    input:
        PAGES.manifest_inputs,
    output:
        PLAN.pattern(layout.MANIFEST),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="manifest"),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=PAGES.manifest_spec,
    shell:
        'python "$LUCID_SPRITES" viewer.manifest --spec {params.spec:q} --out {output:q} 2> {log:q}'


rule series_page:
    input:
        PAGES.page_data,
        manifest=PLAN.pattern(layout.MANIFEST),
    output:
        PLAN.pattern(layout.PAGE),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="page"),
    conda:
        "../envs/lucid-sprites.yaml"
    shell:
        'python "$LUCID_SPRITES" viewer.html'
        " --manifests {input.manifest:q} --out {output:q} 2> {log:q}"


rule start_page:
    input:
        PAGES.manifests,
    output:
        PLAN.pattern(layout.START_PAGE),
    log:
        PLAN.pattern(layout.START_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    shell:
        'python "$LUCID_SPRITES" viewer.html --manifests {input:q} --out {output:q} 2> {log:q}'


rule plots:
    input:
        PLAN.pattern(layout.MANIFEST),
    output:
        report(
            PLAN.pattern(layout.PLOT).format(series="{series}", plot="loss"),
            caption="../report/loss.rst",
            category="Plots",
            subcategory="{series}",
            labels={"plot": "loss over steps"},
        ),
        report(
            PLAN.pattern(layout.PLOT).format(series="{series}", plot="status"),
            caption="../report/status.rst",
            category="Plots",
            subcategory="{series}",
            labels={"plot": "status counts"},
        ),
        report(
            PLAN.pattern(layout.PLOT).format(series="{series}", plot="time"),
            caption="../report/time.rst",
            category="Plots",
            subcategory="{series}",
            labels={"plot": "time per layer"},
        ),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="plots"),
    conda:
        "../envs/lucid-sprites.yaml"
    shell:
        'python "$LUCID_SPRITES" viewer.plots --manifest {input:q} --out {output:q} 2> {log:q}'


rule bundle_series:
    input:
        PAGES.bundle_inputs,
        manifest=PLAN.pattern(layout.MANIFEST),
    output:
        PLAN.pattern(layout.BUNDLE),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="bundle"),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        tables=PAGES.bundle_tables,
    shell:
        'python "$LUCID_SPRITES" viewer.bundle --manifest {input.manifest:q}'
        " --tables {params.tables:q} --out {output:q} 2> {log:q}"


rule viewer:
    input:
        PAGES.all_pages,


rule bundle:
    input:
        PAGES.all_bundles,
