"""The demo help centre: complete, parallel in two languages, and free of contradictions."""

import json
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

DEMO = Path(__file__).resolve().parents[2] / "agents" / "myna_agents" / "demo"
HELP = DEMO / "help_centre"
LANGUAGES = ("en", "zh")
ONE_LANGUAGE_ONLY = {
    "en": {"trade-in", "business-orders"},
    "zh": {"rental", "trail-weekends"},
}
MAILBOXES = {
    "help@example.com",
    "returns@example.com",
    "repairs@example.com",
    "billing@example.com",
    "customs@example.com",
    "privacy@example.com",
    "business@example.com",
    "complaints@example.com",
    "no-reply@example.com",
}
TELEPHONES = {"+44 117 496 0142", "+44 117 496 0188"}

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
MONTH = re.compile(rf"\b({'|'.join(MONTHS)})\b")


@dataclass(frozen=True, slots=True)
class Page:
    lang: str
    slug: str
    front: dict[str, Any]
    body: str

    @property
    def table_rows(self) -> list[str]:
        return [line for line in self.body.splitlines() if line.startswith("|")]


def read_page(path: Path) -> Page:
    opening, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert opening == ""
    return Page(path.parent.name, path.stem, yaml.safe_load(front), body)


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HELP / name).read_text(encoding="utf-8").splitlines()]


PAGES = {
    (page.lang, page.slug): page
    for lang in LANGUAGES
    for page in map(read_page, sorted((HELP / lang).glob("*.md")))
}
FAQ = read_lines("faq.jsonl")
QUESTIONS = read_lines("questions.jsonl")
SHOP: dict[str, Any] = json.loads((DEMO / "shop.json").read_text(encoding="utf-8"))
PARALLEL = sorted({slug for lang, slug in PAGES if lang == "en"} - ONE_LANGUAGE_ONLY["en"])
EVERY_PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: f"{page.lang}/{page.slug}")


def numbers(text: str) -> list[str]:
    """The numbers of a text; English month names count as the digits that Chinese writes for them."""
    return NUMBER.findall(MONTH.sub(lambda month: str(MONTHS.index(month[1]) + 1), text))


def folded(text: str) -> str:
    """A question as two people would call it the same: letters and digits only, lower case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def pages_of(question: dict[str, Any]) -> Iterator[Page]:
    """The pages that answer: in the question's language where they exist, else in the other one."""
    other = "zh" if question["lang"] == "en" else "en"
    for slug in question["slugs"]:
        yield PAGES.get((question["lang"], slug)) or PAGES[other, slug]


@EVERY_PAGE
def test_front_matter_names_title_language_slug_date_and_tags(page: Page) -> None:
    assert list(page.front) == ["title", "lang", "slug", "updated", "tags"]
    assert page.front["title"].strip()
    assert (page.front["lang"], page.front["slug"]) == (page.lang, page.slug)
    assert isinstance(page.front["updated"], date)
    assert page.front["updated"].year == 2026
    assert len(page.front["tags"]) >= 2


@EVERY_PAGE
def test_a_page_has_headings_and_a_readable_length(page: Page) -> None:
    assert len(re.findall(r"(?m)^## \S", page.body)) >= 4
    if page.lang == "en":
        assert 250 <= len(page.body.split()) <= 700
    else:
        assert 500 <= len(re.sub(r"\s", "", page.body)) <= 1500


@EVERY_PAGE
def test_every_table_row_has_as_many_cells_as_its_heading(page: Page) -> None:
    for table in re.findall(r"(?m)(?:^\|.*\n)+", page.body):
        assert len({row.count("|") for row in table.splitlines()}) == 1


@EVERY_PAGE
def test_pages_name_only_mailboxes_and_telephones_of_the_shop(page: Page) -> None:
    assert set(re.findall(r"[\w.+-]+@[\w.-]+\w", page.body)) <= MAILBOXES
    assert set(re.findall(r"\+[\d ]+\d", page.body)) <= TELEPHONES | {"+8"}


def test_pages_are_parallel_but_for_the_ones_meant_for_one_language() -> None:
    slugs = {lang: {slug for page_lang, slug in PAGES if page_lang == lang} for lang in LANGUAGES}
    assert slugs["en"] - slugs["zh"] == ONE_LANGUAGE_ONLY["en"]
    assert slugs["zh"] - slugs["en"] == ONE_LANGUAGE_ONLY["zh"]
    assert len(PARALLEL) >= 20


@pytest.mark.parametrize("slug", PARALLEL)
def test_table_rows_of_parallel_pages_hold_the_same_numbers(slug: str) -> None:
    english, chinese = (
        Counter(tuple(sorted(numbers(row))) for row in PAGES[lang, slug].table_rows) for lang in LANGUAGES
    )
    assert english == chinese


@pytest.mark.parametrize("slug", PARALLEL)
def test_parallel_pages_state_the_same_numbers(slug: str) -> None:
    assert set(numbers(PAGES["en", slug].body)) == set(numbers(PAGES["zh", slug].body))


@pytest.mark.parametrize("slug", PARALLEL)
def test_parallel_pages_were_updated_on_the_same_day(slug: str) -> None:
    assert PAGES["en", slug].front["updated"] == PAGES["zh", slug].front["updated"]


@EVERY_PAGE
def test_a_sum_in_yuan_is_nine_times_the_sum_in_pounds(page: Page) -> None:
    for pounds, yuan in re.findall(r"£([\d,.]+\d|\d)\s*[(（]¥([\d,.]+\d|\d)[)）]", page.body):
        assert float(yuan.replace(",", "")) == 9 * float(pounds.replace(",", ""))


def test_there_are_sixty_faq_pairs_half_of_them_in_each_language() -> None:
    assert Counter(pair["lang"] for pair in FAQ) == {"en": 30, "zh": 30}


def test_at_least_half_of_the_faq_pages_are_covered_in_both_languages() -> None:
    covered = {lang: {pair["page"] for pair in FAQ if pair["lang"] == lang} for lang in LANGUAGES}
    assert len(covered["en"] & covered["zh"]) * 2 >= len(covered["en"] | covered["zh"])


@pytest.mark.parametrize("pair", FAQ, ids=lambda pair: pair["question"])
def test_a_faq_answer_states_only_numbers_and_mailboxes_of_its_page(pair: dict[str, Any]) -> None:
    assert list(pair) == ["lang", "question", "variants", "answer", "page"]
    assert 2 <= len(pair["variants"]) <= 4
    page = PAGES[pair["lang"], pair["page"]]
    assert set(numbers(pair["answer"])) <= set(numbers(page.body))
    assert all(mailbox in page.body for mailbox in re.findall(r"[\w.-]+@example\.com", pair["answer"]))


def test_no_question_occurs_twice_anywhere() -> None:
    asked = [folded(text) for pair in FAQ for text in (pair["question"], *pair["variants"])]
    asked += [folded(question["text"]) for question in QUESTIONS]
    assert [text for text, times in Counter(asked).items() if times > 1] == []


def test_the_test_set_is_large_enough_and_of_every_kind() -> None:
    answerable = [question for question in QUESTIONS if question["answerable"]]
    assert len(answerable) >= 120
    assert len(QUESTIONS) - len(answerable) >= 40
    assert {question["lang"] for question in QUESTIONS} == set(LANGUAGES)
    assert sum(question.get("cross", False) for question in QUESTIONS) >= 15
    assert any(question.get("mixed", False) for question in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["text"])
def test_what_an_answer_must_contain_stands_in_its_sources(question: dict[str, Any]) -> None:
    if not question["answerable"]:
        assert (question["slugs"], question["faq"], question["answer_contains"]) == ([], None, [])
        return
    pages = list(pages_of(question))
    sources = [page.body for page in pages]
    if question["faq"] is not None:
        pair = FAQ[question["faq"]]
        assert (pair["lang"], pair["page"] in question["slugs"]) == (question["lang"], True)
        sources.append(pair["answer"])
    assert question["answer_contains"]
    for wanted in question["answer_contains"]:
        assert any(wanted in source for source in sources), wanted
    in_own_language = any(page.lang == question["lang"] for page in pages)
    assert in_own_language is not question.get("cross", False)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_first_suggestions_of_the_chat_are_answered_by_the_faq(lang: str) -> None:
    suggestions = SHOP["suggestions"][lang]
    assert len(suggestions) == 4
    assert set(suggestions) <= {pair["question"] for pair in FAQ if pair["lang"] == lang}
    assert SHOP["welcome"][lang]


@pytest.mark.parametrize("product", SHOP["products"], ids=lambda product: product["id"])
def test_a_product_is_described_and_priced_in_both_languages(product: dict[str, Any]) -> None:
    assert set(product["name"]) == set(product["line"]) == set(LANGUAGES)
    assert product["price_cny"] == product["price_gbp"] * SHOP["currency"]["cny_per_gbp"]
    assert product["emoji"]
    assert product["motif"]


def test_group_messages_come_from_its_five_members_and_spam_is_in_both_languages() -> None:
    group = SHOP["group"]
    handles = [member["handle"] for member in group["members"]]
    assert len(set(handles)) == len(handles) == 5
    assert {message["from"] for message in group["messages"]} == set(handles)
    assert Counter(spam["lang"] for spam in group["spam"]) == {"en": 2, "zh": 2}


@pytest.mark.parametrize(("asked", "told"), [("zh", "en"), ("en", "zh")])
def test_the_case_across_languages_is_what_the_pages_say(asked: str, told: str) -> None:
    bench = Path(__file__).resolve().parents[2] / "bench"
    rows = runpy.run_path(str(bench / "cross_language.py"))["cases"](asked, told)
    file = DEMO.parent / "evaluation" / "data" / f"{asked}_asks_{told}.jsonl"
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == rows
    passages = {row["id"]: row for row in rows if row["kind"] == "passage"}
    questions = [row for row in rows if row["kind"] == "question"]
    assert {row["lang"] for row in passages.values()} == {told}
    assert {row["lang"] for row in questions} == {asked}
    assert len(questions) >= 150
    assert all(row["relevant"] and set(row["relevant"]) <= passages.keys() for row in questions)
