localrules:
    clean_orphans,


# What the config no longer asks for: listed, and with `--config orphans=remove` removed.
rule clean_orphans:
    log:
        PLAN.pattern(layout.ORPHANS_LOG),
    run:
        orphans.report(ASKED, config, str(log))
