"""Loads the demo workspace through the same verbs as anybody's: sources, accounts, and the send road."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from myna.first_start import FirstStart
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.writes import OpenConversation, Say
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Draft
from myna.model.workspace import Inbox, User, UserKind
from myna.ports.accounts import Accounts
from myna_knowledge.library import Library
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind

INBOX_KEY = "demo"
BASE_NAME = "Help centre"


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's texts as they are shipped."""

    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The shop's English name."""
        return str(self.facts["name"]["en"])


@cache
def shop() -> Shop:
    """The made-up shop."""
    return Shop(json.loads((_folder() / "shop.json").read_text("utf-8")))


def shop_json() -> bytes:
    """What the demo shop page shows."""
    return (_folder() / "shop.json").read_bytes()


class DemoSeed:
    """Fills a workspace. Each step looks whether it was done, so a start that was cut off goes on at the next one."""

    def __init__(self, accounts: Accounts, committer: Committer, library: Library) -> None:
        self._accounts, self._committer, self._library = accounts, committer, library

    async def ensure(self, first: FirstStart) -> None:
        """The demo workspace, complete but for the ingestion, which runs as durable jobs."""
        if await self._accounts.inbox_by_key(INBOX_KEY) is not None:
            return
        base = await self._library.create_base(first.workspace.id, BASE_NAME)
        for source in sources():
            await self._library.add(base.id, source)
        agent = await self._agent(first, base.id)
        await self._group(first)
        # The inbox comes last: its presence says that all else is there.
        facts = shop().facts
        texts = {"greeting": facts["welcome"], "suggestions": facts["suggestions"]}
        inbox = Inbox(new_id(), first.workspace.id, INBOX_KEY, shop().name, agent.id, texts=texts)
        await self._accounts.add_inbox(inbox)

    async def _agent(self, first: FirstStart, base: int) -> User:
        facts = shop().facts["agent"]
        known = await self._known(first)
        if facts["handle"] in known:
            return known[facts["handle"]]
        agent = User(
            new_id(), first.workspace.id, UserKind.BOT, facts["name"]["en"], facts["handle"], "en", agent=True
        )
        await self._accounts.add_agent(agent.id, agent.workspace, [base], {"aliases": [facts["name"]["zh"]]})
        await self._accounts.add_user(agent)
        return agent

    async def _group(self, first: FirstStart) -> None:
        group = shop().facts["group"]
        known = await self._known(first)
        if all(each["handle"] in known for each in group["members"]):
            return
        people: dict[str, User] = {}
        for each in group["members"]:
            user = known.get(each["handle"]) or User(
                new_id(), first.workspace.id, UserKind.HUMAN, each["name"], each["handle"], each["locale"]
            )
            if each["handle"] not in known:
                await self._accounts.add_user(user)
            people[each["handle"]] = user
        seats = [(people[each["handle"]].id, MemberRole(each["role"])) for each in group["members"]]
        place = OpenConversation(
            new_id(),
            first.workspace.id,
            ConversationKind.GROUP,
            f"{group['title']['en']} · {group['title']['zh']}",
            ((first.owner.id, MemberRole.MODERATOR), *seats),
        )
        await self._committer.write(place)
        for number, message in enumerate(group["messages"]):
            sender = people[message["from"]].id
            await self._committer.write(
                Say(Draft(place.id, sender, f"seed-{number}", {"text": message["text"]}), rouse=False)
            )

    async def _known(self, first: FirstStart) -> dict[str, User]:
        users = await self._accounts.humans(first.workspace.id, 500)
        return {user.handle: user for user in users if user.handle}


def sources() -> list[SourceDraft]:
    """The help centre: question pairs first, since they are few and answer most questions."""
    found: list[SourceDraft] = []
    folder = _folder() / "help_centre"
    for line in (folder / "faq.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        faq = FaqEntry(entry["question"], entry["answer"], tuple(entry["variants"]), entry["lang"])
        found.append(SourceDraft(SourceKind.FAQ, faq=faq, lang=entry["lang"]))
    for lang in ("en", "zh"):
        pages = sorted((folder / lang).iterdir(), key=lambda page: page.name)
        for page in pages:
            if page.name.endswith(".md"):
                key = f"help:{lang}:{page.name}"
                found.append(
                    SourceDraft(
                        SourceKind.FILE, filename=page.name, content=page.read_bytes(), lang=lang, key=key
                    )
                )
    return found


def _folder() -> Traversable:
    return files("myna_agents.demo")
