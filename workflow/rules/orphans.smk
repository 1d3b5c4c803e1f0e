localrules:
    clean_orphans,


# What the config no longer asks for: listed, and with `--config orphans=remove` removed.
rule clean_orphans:
    run:
        how = config.get("orphans", orphans.LIST)
        print(orphans.clean(PLAN.results, list(PLAN.series), ASKED, how))
