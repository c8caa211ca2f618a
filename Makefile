# `make demo` and `make test` each install first what they need; see tools/setup.
#
#   make demo       mount the simulated store, show what it is, and find a leak
#   make test       lint (code and prose), types and tests
#   make bench      measure against a C daemon, tmpfs and others; compare the two interfaces
#   make soak       random use of live mounts for MINUTES=30, against a model
#   make vm         check against kernels that RUN_IN_VM boots, see tests/vm/README.md
#   make programs   run everyday programs on mounts, and write docs/programs.md
#   make fuzz       feed the parsers of captures, queries, control lines and pasted texts, each for FUZZ
#   make install    for all users: mount.allocfs, allocfs, their man pages
#   make uninstall  take that away again
#   make clean      leave only what is in the repository
#
# PYTHON=/path/to/python3 chooses the interpreter, 3.11 or newer. PREFIX and DESTDIR are as usual.

PREFIX  = /usr/local
# Where mount(8) looks for mount.<type>.
MOUNT_HELPERS = /sbin

VENV = .venv
BIN  = $(VENV)/bin
LIB  = $(PREFIX)/lib/allocfs
MAN  = $(PREFIX)/share/man

# Without PYTHON any environment will do, with it only one that was made for it.
READY = $(VENV)/.ready$(if $(PYTHON),$(subst /,-,$(PYTHON)))

# mount(8) looks for the second one for type fuse.allocfs, which mount tables have; without it
# mount.fuse runs the program allocfs, which mounts nothing.
COMMANDS = $(MOUNT_HELPERS)/mount.allocfs $(MOUNT_HELPERS)/mount.fuse.allocfs $(PREFIX)/bin/allocfs

.PHONY: setup demo test lint types pytest bench soak programs vm fuzz clean
.PHONY: install install-library install-commands install-pages uninstall

setup: $(READY)

$(READY): tools/setup constraints.txt pyproject.toml setup.py allocfs/fuse/_fuseops.c
	PYTHON='$(PYTHON)' tools/setup $(VENV)
	@touch $(VENV)/.ready '$@'

demo: setup
	@$(BIN)/python -P -m allocfs.demo

test: lint types pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/python tools/prose --quiet

types: setup
	$(BIN)/mypy

pytest: setup
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

bench: setup
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[compare]'
	$(BIN)/python -m benchmarks $(BENCH)

MINUTES = 30
soak: setup
	$(BIN)/python -m tests.stress --minutes $(MINUTES)

VM =
vm: setup
	$(BIN)/python -m tests.vm.run $(VM)

programs: setup
	$(BIN)/python -m tests.programs

# There is no atheris for some machines; then mutations are not guided.
FUZZ = --seconds 300
fuzz: setup
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[fuzz]'
	for parser in text query control reports; do \
	    $(BIN)/python -m fuzz $$parser $(FUZZ) || exit; \
	done

install: install-library install-commands install-pages

install-library: setup
	rm -rf build '$(DESTDIR)$(LIB)'
	$(BIN)/python -m venv --without-pip '$(DESTDIR)$(LIB)'
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip \
	    --python '$(DESTDIR)$(LIB)/bin/python' --quiet --disable-pip-version-check install .
	rm -rf build
	tools/warn-of-private '$(DESTDIR)$(LIB)/bin/python'
	find '$(DESTDIR)$(LIB)/bin' -type f -delete

# The wrappers, unlike the scripts pip makes, do not name DESTDIR; -I keeps the caller's
# directory and environment out of a program that root runs.
install-commands:
	install -d '$(DESTDIR)$(MOUNT_HELPERS)' '$(DESTDIR)$(PREFIX)/bin'
	printf '$(WRAPPER)' allocfs.mount >'$(DESTDIR)$(MOUNT_HELPERS)/mount.allocfs'
	printf '$(WRAPPER)' allocfs.cli >'$(DESTDIR)$(PREFIX)/bin/allocfs'
	chmod 755 '$(DESTDIR)$(MOUNT_HELPERS)/mount.allocfs' '$(DESTDIR)$(PREFIX)/bin/allocfs'
	ln -sf mount.allocfs '$(DESTDIR)$(MOUNT_HELPERS)/mount.fuse.allocfs'

install-pages:
	for page in man/*.[1-8]; do \
	    install -D -m 644 "$$page" "$(DESTDIR)$(MAN)/man$${page##*.}/$${page#man/}" || exit; \
	done

WRAPPER = \#!/bin/sh\nexec $(LIB)/bin/python -I -m %s "$$@"\n

uninstall:
	rm -rf '$(DESTDIR)$(LIB)'
	for command in $(COMMANDS); do rm -f "$(DESTDIR)$$command"; done
	for page in man/*.[1-8]; do \
	    rm -f "$(DESTDIR)$(MAN)/man$${page##*.}/$${page#man/}"; \
	done

clean:
	rm -rf $(VENV) build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find allocfs benchmarks fuzz tests -name __pycache__ -prune -exec rm -r {} +
	rm -f allocfs/fuse/*.so
