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
        REDO.unless(PAGE_MARKS.layer, layout.PAGE_CELLS, layout.PAGE_DETAILS, layout.PAGE_SUMMARY),
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
        made=PAGE_MARKS.layer,
    shell:
        'python "$LUCID_SPRITES" viewer.layer_data'
        " --spec {params.spec:q} --made {params.made} 2> {log:q}"


rule viewer_sheet:
    input:
        PLAN.pattern(layout.SHEET),
        REDO.unless(MARKS.sheet, layout.PAGE_PIXELS),
    output:
        PLAN.pattern(layout.PAGE_PIXELS),
    log:
        PLAN.pattern(layout.PIXELS_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        key="{series}/{instance}/{layer}/{threshold}",
        made=MARKS.sheet,
    shell:
        'python "$LUCID_SPRITES" viewer.sheet_pixels --key {params.key:q}'
        " --sheet {input:q} --made {params.made} --out {output:q} 2> {log:q}"


rule viewer_table:
    input:
        GIVEN_FILES(PAGES.table),
        REDO.unless(PAGE_MARKS.table, layout.PAGE_TABLE),
    output:
        PLAN.pattern(layout.PAGE_TABLE),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="table_{table}"),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        key="{series}/tables/{table}",
        table=PAGES.table,
        made=PAGE_MARKS.table,
    shell:
        'python "$LUCID_SPRITES" viewer.table --key {params.key:q}'
        " --table {params.table:q} --made {params.made} --out {output:q} 2> {log:q}"


rule manifest:
    input:
        GIVEN_FILES(PAGES.manifest_inputs),
        REDO.unless(PAGE_MARKS.manifest, layout.MANIFEST),
    output:
        PLAN.pattern(layout.MANIFEST),
    log:
        PLAN.pattern(layout.SERIES_LOG).format(series="{series}", step="manifest"),
    wildcard_constraints:
        series=PAGES.own_series(),  # those of other configs are there, or are not
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        spec=PAGES.manifest_spec,
        made=PAGE_MARKS.manifest,
    shell:
        'python "$LUCID_SPRITES" viewer.manifest'
        " --spec {params.spec:q} --made {params.made} --out {output:q} 2> {log:q}"


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
    params:
        sources=PAGES.page_sources,
    shell:
        'python "$LUCID_SPRITES" viewer.html'
        " --manifests {input.manifest:q} --out {output:q} 2> {log:q}"


# All series that lie in the results: with two configs in turn it stays as it is.
rule start_page:
    input:
        own=PAGES.manifests,
        others=PAGES.other_manifests,
    output:
        PLAN.pattern(layout.START_PAGE),
    log:
        PLAN.pattern(layout.START_LOG),
    conda:
        "../envs/lucid-sprites.yaml"
    params:
        sources=PAGES.page_sources,
    shell:
        'python "$LUCID_SPRITES" viewer.html'
        " --manifests {input.own:q} --others {input.others:q} --out {output:q} 2> {log:q}"


rule plots:
    input:
        PLAN.pattern(layout.MANIFEST),
    output:
        [
            report(
                PLAN.pattern(layout.PLOT).format(series="{series}", plot=plot),
                caption=f"../report/{plot}.rst",
                category="Plots",
                subcategory="{series}",
                labels={"plot": title},
            )
            for plot, title in PLOTS.items()
        ],
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
