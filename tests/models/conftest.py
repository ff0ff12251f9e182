"""Tests with a real language model take minutes: they are collected by `make test-model` alone."""

import os

collect_ignore_glob = [] if os.environ.get("MYNA_TEST_SMALL_MODEL") else ["test_*.py"]
