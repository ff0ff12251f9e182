"""Settings from the environment: a typo or a wrong value stops the start with a message."""

from pathlib import Path

import pytest

from myna.errors import MynaError
from myna.settings import Settings


def test_without_variables_the_defaults_hold() -> None:
    assert Settings.from_env({"HOME": "/root"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("MYNA_PORT", "9000", "port", 9000),
        ("MYNA_HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("MYNA_AGENTS", "no", "agents", False),
        ("MYNA_AGENTS", "", "agents", False),
        ("MYNA_DEMO", "TRUE", "demo", True),
        ("MYNA_DEMO", "1", "demo", True),
        ("MYNA_TURN_DELAY_MS", "0", "turn_delay_ms", 0),
    ],
)
def test_a_variable_sets_its_field(name: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_env({name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"), [("MYNA_PORT", "eighty"), ("MYNA_DEMO", "perhaps"), ("MYNA_PROT", "8000")]
)
def test_a_wrong_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(MynaError, match=name) as refused:
        Settings.from_env({name: text})
    assert refused.value.code == "bad_setting"


def test_variables_of_tests_are_left_alone() -> None:
    assert Settings.from_env({"MYNA_TEST_SOMETHING": "x"}) == Settings()


def test_the_models_key_falls_back_to_the_usual_variable() -> None:
    assert Settings.from_env({"OPENAI_API_KEY": "a"}).model_key == "a"
    assert Settings.from_env({"OPENAI_API_KEY": "a", "MYNA_MODEL_KEY": "b"}).model_key == "b"
    assert "k3y" not in repr(Settings(model_key="k3y"))


def test_what_is_kept_on_disk_lies_in_the_data_folder() -> None:
    settings = Settings(data="/srv/myna")
    assert settings.data_dir == Path("/srv/myna")
    assert settings.database_url == "sqlite:////srv/myna/myna.db"
    assert settings.index_url == "chroma:/srv/myna/chroma"
    assert Settings(database="postgresql://h/x").database_url == "postgresql://h/x"
    assert Settings(index="http://h:1").index_url == "http://h:1"


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:8000"),
        (Settings(host="0.0.0.0", port=1), "http://127.0.0.1:1"),
        (Settings(host="::", port=1), "http://127.0.0.1:1"),
        (Settings(host="chat.example", port=1), "http://chat.example:1"),
        (Settings(public_url="https://chat.example/"), "https://chat.example"),
    ],
)
def test_people_are_shown_an_address_that_works(settings: Settings, url: str) -> None:
    assert settings.base_url == url
