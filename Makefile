PYTHON ?= python3
JOBS ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test stress bench zoo graphs format lock clean

# Render the series that comes with the workflow: say what is pending, then do it. The workflow shows
# errors however quiet it is told to be.
demo: $(VENV)/installed
	@$(BIN)/snakemake --dry-run --quiet rules host 2>&1 | \
	    awk '/Nothing to be done|^(optimize|render_sprite|losses|spritesheet) / && !seen[$$0]++'
	@TQDM_DISABLE= $(BIN)/snakemake --jobs $(JOBS) --quiet all
	@echo "Open results/index.html in a browser."

# Check the code and run the tests.
test: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check --line-length 100 Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not stress" -n 2 --dist worksteal

# The slow, exhaustive and statistical tests.
stress: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m stress
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile many -n 2 --dist worksteal

# Measure the engine and the workflow beside lucid: make bench CASES="mobilenet* workflow*"
bench: $(VENV)/installed
	set -f; PYTHONPATH=workflow:tests:benchmarks $(BIN)/python benchmarks/bench.py \
	    --cases $(or $(CASES),*) --samples $(or $(SAMPLES),5) --out $(or $(OUT),docs)

# Import and render networks of every kind: make zoo MODELS="onnx_* keras_vit_*"
zoo: $(VENV)/installed
	set -f; PYTHONPATH=workflow:tests:benchmarks $(BIN)/python benchmarks/zoo.py \
	    --models $(or $(MODELS),*) --out $(or $(OUT),docs)

# Train the networks in graphs/ again.
graphs: $(VENV)/installed
	PYTHONPATH=workflow $(BIN)/python -m lucid_sprites.training.train_demo --out graphs

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt --line-length 100 Snakefile workflow/rules

# Resolve requirements*.in again, for all platforms and Python versions.
lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --overrides requirements-overrides.txt \
	    requirements.in --output-file requirements.txt
	sed -i "s/\(sha256 of requirements.txt:\).*/\1 $$(sha256sum < requirements.txt | cut -d' ' -f1)/" \
	    workflow/envs/lucid-sprites.yaml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url requirements-dev.in --output-file requirements-dev.txt

clean:
	rm -rf results .snakemake

# Installed without dependency resolution: the list is complete, and lucid's own pin of an old
# numpy would be in the way.
$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-dev.txt
	touch $@
