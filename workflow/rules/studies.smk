# Studies: the rules of layers, with objectives, under paths of their own.


localrules:
    studies,
    study_losses,
    study_spritesheet,
    render_study_sprite,


rule studies:
    input:
        STUDIES.only(trained=False).sprites.all_sprites,
        STUDIES.only(trained=False).sprites.all_sheets,
        STUDIES.only(trained=False).sprites.all_sheet_indexes,
        STUDIES.only(trained=False).all_losses,


use rule optimize as optimize_study with:
    input:
        REDO.unless(STUDY_MARKS.block, layout.STUDY_BLOCK),
        graph=STUDIES.sprites.graph,
        photos=GIVEN_FILES(STUDIES.photos),
    output:
        STUDIES.sprites.pattern(layout.STUDY_BLOCK),
    log:
        STUDIES.sprites.pattern(layout.STUDY_BLOCK_LOG),
    resources:
        mem_mb=STUDIES.sprites.block_megabytes,
        runtime=STUDIES.sprites.block_minutes,
    params:
        spec=STUDIES.sprites.block_spec,
        store=STUDIES.sprites.store,
        made=STUDY_MARKS.block,


use rule render_sprite as render_study_sprite with:
    input:
        REDO.unless(
            STUDIES.sprites.member, layout.STUDY_SPRITE, input=STUDIES.sprites.block_of_sprite
        ),
    output:
        STUDIES.sprites.pattern(layout.STUDY_SPRITE),
    log:
        STUDIES.sprites.pattern(layout.STUDY_SPRITE_LOG),
    params:
        member=STUDIES.sprites.member,


use rule losses as study_losses with:
    input:
        STUDIES.sprites.layer_blocks,
        STUDIES.sprites.layer_sprites,
        REDO.unless(STUDY_MARKS.losses, layout.STUDY_LOSSES),
    output:
        STUDIES.sprites.pattern(layout.STUDY_LOSSES),
    log:
        STUDIES.sprites.pattern(layout.STUDY_LOSSES_LOG),
    params:
        spec=STUDIES.losses_spec,
        made=STUDY_MARKS.losses,


use rule spritesheet as study_spritesheet with:
    input:
        STUDIES.sprites.sheet_sprites,
        REDO.unless(STUDY_MARKS.sheet, layout.STUDY_SHEET, layout.STUDY_SHEET_INDEX),
    output:
        sheet=STUDIES.sprites.pattern(layout.STUDY_SHEET),
        index=STUDIES.sprites.pattern(layout.STUDY_SHEET_INDEX),
    log:
        STUDIES.sprites.pattern(layout.STUDY_SHEET_LOG),
    params:
        spec=STUDIES.sheet_spec,
        made=STUDY_MARKS.sheet,
