.DEFAULT_GOAL := help
.PHONY: help run test test-model check bench bench-peers bench-web web screenshots lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

run: ## set up what is missing, then start Myna with its demo workspace
	@scripts/setup run
	@exec .venv/bin/myna serve --demo

test: ## everything: checks, web build, all tests (as root it installs missing Debian packages)
	@scripts/install-system
	@scripts/setup dev
	@scripts/setup-bots
	@scripts/test

test-model: ## the way to a language model, with a real small one (minutes; not part of `make test`)
	@scripts/test-model

check: ## formatting, lint, types, layers and unit tests
	@scripts/setup dev
	@scripts/check

bench: ## measure messages, fan-out, latency, connections, catch-up; SCENARIOS="direct idle" for some of them
	@scripts/setup dev
	@.venv/bin/python -m bench $(SCENARIOS)

bench-peers: ## the same scenarios side by side with other servers that are installed (needs shared/peers)
	@scripts/setup dev
	@.venv/bin/python -m bench.peers $(PEERS)

web: ## build the web assets from web/src into web/myna_web/static
	@scripts/setup dev
	@scripts/web-build

screenshots: ## every screen, light and dark, English and Chinese, desktop and phone, as pictures in screenshots/
	@scripts/setup dev
	@.venv/bin/pytest -q tests/e2e/test_screens.py tests/e2e/test_journeys.py tests/e2e/test_desk_work.py \
		tests/e2e/test_care_screens.py tests/e2e/test_desk_settings.py tests/e2e/test_widget_parts.py \
		tests/e2e/test_moving_in.py tests/e2e/test_views_and_threads.py tests/e2e/test_first_run.py tests/e2e/test_recovery.py

bench-web: ## what the pages cost in the browser, into build/bench/web.json; DATA=folder of a filled demo saves two minutes
	@scripts/setup dev
	@.venv/bin/python bench/web.py $(DATA)

lock: ## write the lock files anew from pyproject.toml
	@scripts/lock

clean: ## remove everything that the targets above created, but not the data folder
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist \
		scripts/tools/node_modules web/node_modules web/client/dist screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
