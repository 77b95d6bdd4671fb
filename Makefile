# Every command that a person needs. `make run` and `make test` do all the set-up themselves.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ENGINE := .venv/bin/python
QGIS := .venv-qgis/bin/python
SCREEN := xvfb-run -a -s "-screen 0 1400x900x24"
QGIS_TESTS := tests/qgis tests/gui
export RASTER QUESTION SEED

.PHONY: help setup setup-system setup-engine setup-qgis run test test-engine test-qgis lint format bench bench-model \
	requirements i18n package deploy undeploy train-mini clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: setup-system setup-engine setup-qgis ## system packages, .venv and .venv-qgis; seconds when they are there

setup-system:
	@bash tools/system_packages.sh

setup-engine: setup-system
	@bash tools/environments.sh engine

setup-qgis: setup-engine
	@bash tools/environments.sh qgis

run: setup ## ask in a real QGIS: make run [RASTER=path QUESTION="…"]
	@$(ENGINE) tools/run.py

test: setup ## every test: engine, QGIS, GUI (ARGS="-k name" for some)
	@status=0; \
	$(MAKE) --no-print-directory test-engine || status=1; \
	$(MAKE) --no-print-directory test-qgis || status=1; \
	exit $$status

test-engine: setup-engine
	$(ENGINE) -m pytest tests $(QGIS_TESTS:%=--ignore=%) $(ARGS)

test-qgis: setup-qgis
	$(SCREEN) $(QGIS) -m pytest $(wildcard $(QGIS_TESTS)) $(ARGS)

lint: setup-engine ## ruff, mypy, and what the plugin site checks: bandit, detect-secrets
	$(ENGINE) -m ruff check .
	$(ENGINE) -m ruff format --check .
	$(ENGINE) -m mypy
	$(ENGINE) tools/package.py stage
	$(ENGINE) -m bandit --quiet --recursive build/package/zoomearth_plugin
	find build/package/zoomearth_plugin -type f -print0 | xargs -0 .venv/bin/detect-secrets-hook

format: setup-engine ## bring every Python file into shape
	$(ENGINE) -m ruff check --fix-only .
	$(ENGINE) -m ruff format .

bench: setup ## the figures of speed and memory, then the model's (ONLY=name for some of the first)
	@$(ENGINE) tools/bench.py
	@test -n "$(ONLY)" || $(MAKE) --no-print-directory bench-model

bench-model: setup-engine ## the embedded model's figures; IMAGERY=folder for those on real imagery, too
	.venv/bin/zoomearth bench scenes --count 80 --refusals --output build/bench/scenes --plot build/bench/modes.svg
	test -z "$(IMAGERY)" || .venv/bin/zoomearth bench imagery --imagery "$(IMAGERY)" --output build/bench/imagery

requirements: setup-engine ## write resources/engine-requirements.txt
	$(ENGINE) tools/requirements.py engine

i18n: setup ## bring i18n/*.ts up to date with the sources
	$(ENGINE) tools/translations.py update

package: setup requirements ## build/zoomearth_plugin-VERSION.zip, as the plugin site takes it
	$(ENGINE) tools/package.py zip

deploy: setup ## link this checkout into your own QGIS profile
	$(ENGINE) tools/package.py link

undeploy: ## take that link away
	$(ENGINE) tools/package.py unlink

train-mini: setup-engine ## train the embedded model again (hours on two cores)
	.venv/bin/zoomearth train sft resources/training/zoomearth-mini.toml

clean: ## everything that was made, but not the environments
	rm -rf build/package build/run build/bench .qgis-settings build/*.zip
