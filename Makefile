# What this project can do, each by one word. Every target sets up what it needs; a second call does only what
# has changed. Times are for two CPU cores and no GPU.

PYTHON ?= python3
VENV   ?= .venv
# the beginning of a page's name: `make book CHAPTER=04` makes that page alone
CHAPTER ?=

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# processes that share the tests, each with a thread and some 600 MB: one a core, eight at most
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((cores < 8 ? cores : 8)))

BIN       := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# root, or a sudo that asks nothing; empty where neither is there
AS_ROOT   := $(shell if [ "$$(id -u)" = 0 ]; then echo env; elif sudo -n true 2>/dev/null; then echo sudo -n; fi)
APT        = $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
SYSTEM_DATA := /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
BROWSERS    := chromium chromium-browser google-chrome

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# empty, that is off: where it is on, as in many containers, every process compiles all that it imports (torch and what
# the chapters need: 10.8 seconds of processor time instead of 4.0)
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup data browser sandbox poppler book pdf figures slides test lab clean

help:  ## this list
	@echo "Generative Adversarial Networks: A Course You Can Run"
	@echo
	@sed -nE 's/^([a-z]+):[^#]*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 15

setup: $(INSTALLED) data  ## virtual environment in .venv, the project, Fashion-MNIST (1 to 2 minutes, 6 GB)

# notebooks run side by side, one on each core; CHAPTER=04 runs and renders one, into _build/one
book: setup  ## render the book by running every notebook: _build/html/index.html (at most 15 minutes; seconds when nothing changed)
	@echo "== book: running the notebooks that changed and writing the pages"
	$(BIN)/course data prepare fashion-mnist --resolution 32
	COURSE_TIER=book $(BIN)/python book/_ext/build_book.py --page "$(CHAPTER)"
	@echo "== book: open $(CURDIR)/_build/$(if $(CHAPTER),one/_build/)html/index.html"

pdf: book browser  ## the whole book as one file, _build/book.pdf, from the rendered pages (some minutes more)
	$(BIN)/python book/_ext/make_pdf.py

figures: book poppler  ## every figure as a file with its caption and licence, for slides: _build/figures.zip
	$(BIN)/python book/_ext/figure_pack.py

slides: book  ## slides of each chapter from its own cells, a file each that works offline: _build/slides/NN.html
	$(BIN)/python book/_ext/make_slides.py

test: setup browser sandbox  ## style, unit tests, slow tests, every notebook in its smallest tier (half an hour on two cores)
	@echo "== test: style and types"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@echo "== test: units, and the pages of the book if they are there"
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -m "not slow" -n $(WORKERS) --dist loadfile
	@echo "== test: the slow ones"
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -m "slow and not exhaustive" -n $(WORKERS) --dist worksteal --durations=5
	@echo "== test: every notebook, smallest tier"
	COURSE_TIER=smoke OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) --dist loadfile \
		--nbval-lax --nbval-current-env --nbval-cell-timeout=300 book exercises

lab: setup  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

clean:  ## remove the rendered pages and the kept outputs; environment, data and runs stay
	rm -rf _build .pytest_cache .ruff_cache

# --- what the targets above stand on ---------------------------------------------------------------------------

$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1 || true); the course needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "== setup: installing into $(VENV) what pyproject.toml lists, in the versions of requirements.lock (1 to 2 minutes, 6 GB)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --no-compile --constraint requirements.lock --editable ".[book,dev,lab]"
	@touch $@

# Debian and its relatives ship the data set as a package; elsewhere it is downloaded from its authors
data: $(INSTALLED)
	@if [ -n "$${COURSE_DATA:-}" ]; then echo "== data: Fashion-MNIST is looked for in COURSE_DATA first ($$COURSE_DATA)"; \
	elif [ -f $(SYSTEM_DATA) ]; then :; \
	elif [ -n "$(AS_ROOT)" ] && command -v apt-get >/dev/null \
		&& { apt-cache show dataset-fashion-mnist || $(AS_ROOT) apt-get update -qq; } >/dev/null 2>&1 \
		&& echo "== data: installing Debian's package dataset-fashion-mnist (30 MB)" \
		&& $(APT) dataset-fashion-mnist >/dev/null; then :; \
	else echo "== data: no Debian package to be had here, downloading Fashion-MNIST (30 MB)"; \
		$(BIN)/course data fetch fashion-mnist; fi

browser:
	@for name in $(BROWSERS); do if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ -n "$(AS_ROOT)" ] && command -v apt-get >/dev/null \
		&& { apt-cache show chromium || $(AS_ROOT) apt-get update -qq; } >/dev/null 2>&1 \
		&& echo "== test: installing Debian's package chromium, to open the pages" \
		&& $(APT) chromium >/dev/null; then exit 0; fi; \
	echo "== test: no Chromium here and none to be had; the tests that open pages will be skipped"

# what shuts students' notebooks in while they are graded
sandbox:
	@if command -v bwrap >/dev/null; then exit 0; fi; \
	if [ -n "$(AS_ROOT)" ] && command -v apt-get >/dev/null \
		&& { apt-cache show bubblewrap || $(AS_ROOT) apt-get update -qq; } >/dev/null 2>&1 \
		&& echo "== test: installing Debian's package bubblewrap, to grade notebooks" \
		&& $(APT) bubblewrap >/dev/null; then exit 0; fi; \
	echo "== test: no bubblewrap here and none to be had; the tests that shut notebooks in will be skipped"

# what makes SVG of the PDF that a figure is kept as
poppler:
	@if command -v pdftocairo >/dev/null; then exit 0; fi; \
	if [ -n "$(AS_ROOT)" ] && command -v apt-get >/dev/null \
		&& { apt-cache show poppler-utils || $(AS_ROOT) apt-get update -qq; } >/dev/null 2>&1 \
		&& echo "== figures: installing Debian's package poppler-utils, to write SVG" \
		&& $(APT) poppler-utils >/dev/null; then exit 0; fi; \
	echo "== figures: no poppler-utils here and none to be had; figures come as PNG and PDF alone"
