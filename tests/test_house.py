"""The layout that imports depend on."""

import platform
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE_ROOTS = ["platform", "agents", "bots", "knowledge", "web"]


@pytest.mark.parametrize("folder", SOURCE_ROOTS)
def test_no_source_root_is_itself_a_package(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists()


def test_python_still_finds_its_own_platform_module() -> None:
    assert platform.__file__ is not None
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))
    assert platform.python_version()
