"""Bringing in one record: what it becomes here, so that doing it twice is doing it once."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from myna.errors import Busy, MynaError
from myna.helpdesk.model import Item, ItemKind
from myna.helpdesk.ports import HelpdeskStore
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.past_writes import Arrival, Recount, Remark
from myna.log.plan import Opened
from myna.log.writes import OpenConversation
from myna.model.conversation import Conversation, ConversationKind, MemberRole
from myna.model.service import WHOLE, Note, PreparedReply, Rating, ServiceStore
from myna.model.ticket import TicketStatus
from myna.model.workspace import Inbox, User, UserKind
from myna.wire import user_object
from myna_knowledge.imports.model import Article, Contact, Import, Kind, Outcome, Prepared, Row, Said, Talk
from myna_knowledge.imports.people import People, line
from myna_knowledge.imports.ports import ImportStore
from myna_knowledge.library import Library
from myna_knowledge.model import Source, SourceDraft, SourceKind

TEXT_CHARS = 10_000
"""What one message may hold; longer ones become several."""
REMARKS_AT_ONCE = 100
BUSY_TRIES = 20
MAX_SHORTCUT = 40
REPLY_CHARS = 4000
LABEL_COLOR = "#888888"
_THEIRS = re.compile(r"\{\{\s*(?:(?:contact|customer|user)\.)?(?:first_|full_)?name\b[^{}]*\}\}")
_OURS = re.compile(r"\{\{\s*(?:agent|author|teammate)\.(?:first_|full_)?name\b[^{}]*\}\}")
"""Placeholders of the other systems, with or without a fallback behind them."""
NO_INBOX = "Conversations and contacts need an inbox; choose one and import again."
NO_BASE = "Articles need a knowledge base; choose one and import again."


@dataclass(slots=True)
class Desk:
    """The stores and verbs that records go through."""

    store: ImportStore
    service: ServiceStore
    helpdesk: HelpdeskStore
    committer: Committer
    library: Library


@dataclass(slots=True)
class Bringer:
    """Brings in the records of one import."""

    desk: Desk
    job: Import
    inbox: Inbox | None
    people: People | None
    open_contacts: frozenset[str] = frozenset()
    """Contacts with a conversation that nobody has resolved."""
    _labels: dict[str, int] | None = None
    _sources: dict[str, Source] | None = None
    _replies: dict[str, PreparedReply] = field(default_factory=dict[str, PreparedReply])

    async def contact(self, contact: Contact) -> Row:
        """A customer."""
        name = contact.name or contact.email or contact.key
        if self.people is None:
            return Row(Kind.CONTACT, contact.key, name, Outcome.SKIPPED, NO_INBOX)
        outcome = (await self.people.visitor(contact))[1]
        return Row(Kind.CONTACT, contact.key, name, outcome)

    async def reply(self, reply: Prepared) -> Row:
        """A prepared reply, under a shortcut of the characters that shortcuts have here."""
        shortcut = re.sub(r"[^\w-]+", "-", reply.shortcut.lower()).strip("-")[:MAX_SHORTCUT]
        title = reply.shortcut or reply.key
        if not shortcut or not reply.text:
            return Row(Kind.REPLY, reply.key, title, Outcome.FAILED, "It has no shortcut or no text.")
        service, workspace = self.desk.service, self.job.workspace
        if not self._replies:
            self._replies = {each.shortcut: each for each in await service.replies(workspace)}
        before, text = self._replies.get(shortcut), _OURS.sub("{{me}}", _THEIRS.sub("{{name}}", reply.text))
        text = text[:REPLY_CHARS]
        if before is not None and before.text == text:
            return Row(Kind.REPLY, reply.key, title, Outcome.UNCHANGED)
        self._replies[shortcut] = await service.put_reply(
            PreparedReply(before.id if before else new_id(), workspace, shortcut, text, self.job.created_at)
        )
        return Row(Kind.REPLY, reply.key, title, Outcome.CHANGED if before else Outcome.CREATED)

    async def article(self, article: Article) -> Row:
        """A page, as a source of the knowledge base; the worker of the knowledge base reads it."""
        title, base = article.title or article.key, self.job.base
        if base is None:
            return Row(Kind.ARTICLE, article.key, title, Outcome.SKIPPED, NO_BASE)
        if not article.published:
            return Row(Kind.ARTICLE, article.key, title, Outcome.SKIPPED, "It is not published.")
        if self._sources is None:
            self._sources = {each.key: each for each in await self.desk.library.sources(base)}
        key = f"{source_keys(self.job)}{article.key}"
        draft = SourceDraft(
            SourceKind.FILE,
            article.title,
            article.filename,
            article.content,
            None,
            article.lang,
            key,
            article.url,
        )
        before = self._sources.get(key)
        after = (await self.desk.library.put(base, draft))[0]
        if before is not None and before.version == after.version:
            return Row(Kind.ARTICLE, article.key, title, Outcome.UNCHANGED)
        return Row(Kind.ARTICLE, article.key, title, Outcome.CHANGED if before else Outcome.CREATED)

    async def gone(self, kept: frozenset[str]) -> list[Row]:
        """Take out what an earlier import of this documentation brought and this one does not have."""
        base, own = self.job.base, source_keys(self.job)
        if base is None:
            return []
        rows: list[Row] = []
        for each in await self.desk.library.sources(base):
            if each.key.startswith(own) and each.key.removeprefix(own) not in kept:
                await self.desk.library.delete_source(base, each.id)
                rows.append(Row(Kind.ARTICLE, each.key.removeprefix(own), each.title, Outcome.REMOVED))
        return rows

    async def talk(self, talk: Talk) -> Row:
        """A conversation with its messages, notes, labels and rating."""
        title = talk.contact.name if talk.contact and talk.contact.name else talk.key
        if self.people is None or self.inbox is None:
            return Row(Kind.CONVERSATION, talk.key, title, Outcome.SKIPPED, NO_INBOX)
        if talk.contact is None or not talk.contact.key:
            return Row(Kind.CONVERSATION, talk.key, title, Outcome.FAILED, "It does not say whose it is.")
        if not any(not each.private for each in talk.said):
            return Row(Kind.CONVERSATION, talk.key, title, Outcome.SKIPPED, "Nothing was said in it.")
        visitor = (await self.people.visitor(talk.contact))[0]
        before = await self._opened(visitor, self.inbox)
        after = await self._said(before, visitor, talk)
        await self._around(after, visitor, talk)
        added = after.seq - before.seq
        outcome = Outcome.UNCHANGED if not added else Outcome.CREATED if before.seq == 0 else Outcome.CHANGED
        details = [f"{added} messages"] if added else []
        if talk.left_out:
            details.append(f"{talk.left_out} attachments are kept as addresses")
        return Row(Kind.CONVERSATION, talk.key, title, outcome, ", ".join(details))

    async def _opened(self, visitor: User, inbox: Inbox) -> Conversation:
        members = [(visitor.id, MemberRole.GUEST)]
        if inbox.agent is not None:
            members.append((inbox.agent, MemberRole.MEMBER))
        write = OpenConversation(
            new_id(),
            self.job.workspace,
            ConversationKind.SUPPORT,
            visitor.name,
            tuple(members),
            agents=(inbox.agent,) if inbox.agent is not None else (),
            inbox=inbox.id,
            visitor=visitor.id,
        )
        opened = await self._committed(write)
        assert isinstance(opened, Opened)
        return opened.conversation

    async def _said(self, place: Conversation, visitor: User, talk: Talk) -> Conversation:
        assert self.people is not None
        contact = talk.contact.key if talk.contact else ""
        status = TicketStatus.OPEN if contact in self.open_contacts else TicketStatus.RESOLVED
        heard = [each for each in talk.said if not each.private]
        for start in range(0, len(heard), REMARKS_AT_ONCE):
            remarks: list[Remark] = []
            seats: dict[int, Arrival] = {}
            for each in heard[start : start + REMARKS_AT_ONCE]:
                sender = await self.people.speaker(each.speaker) if each.speaker else visitor
                if each.speaker:
                    role = MemberRole.MEMBER if sender.kind is UserKind.BOT else MemberRole.MODERATOR
                    seats[sender.id] = Arrival(sender.id, role, user_object(sender))
                remarks += _remarks(self.job, each, sender.id)
            write = Recount(place.id, tuple(remarks), tuple(seats.values()), status)
            made = await self._committed(write)
            assert isinstance(made, Conversation)
            place = made
        return place

    async def _around(self, place: Conversation, visitor: User, talk: Talk) -> None:
        assert self.people is not None
        service = self.desk.service
        private = [each for each in talk.said if each.private]
        kept = {each.id for each in await service.notes(place.id)} if private else set[int]()
        for each in private:
            number = await self.desk.store.named(
                self.job.workspace, self.job.origin, "note", f"{talk.key}:{each.key}", new_id()
            )
            author = await self.people.speaker(each.speaker) if each.speaker else visitor
            if number not in kept:
                await service.add_note(Note(number, place.id, author.id, each.text[:TEXT_CHARS], each.at))
        for name in talk.labels:
            if (label := await self._label(name)) is not None:
                await self.desk.helpdesk.set_label(place.id, label, True)
        if talk.score is not None:
            rating = Rating(place.id, visitor.id, WHOLE, talk.score, talk.comment[:2000], talk.said[-1].at)
            await service.rate(rating)

    async def _label(self, name: str) -> int | None:
        said = line(name)
        if said is None:
            return None
        if self._labels is None:
            items = await self.desk.helpdesk.items(self.job.workspace, ItemKind.LABEL)
            self._labels = {each.name.lower(): each.id for each in items}
        if said.lower() not in self._labels:
            made = Item(new_id(), self.job.workspace, ItemKind.LABEL, said, {"color": LABEL_COLOR})
            await self.desk.helpdesk.put_item(made)
            self._labels[said.lower()] = made.id
        return self._labels[said.lower()]

    async def _committed(self, write: OpenConversation | Recount) -> object:
        """The outcome of a write; a busy writer is waited for, since nobody else brings this record."""
        for tried in range(BUSY_TRIES):
            try:
                return await self.desk.committer.write(write)
            except Busy:
                await asyncio.sleep(min(2.0, 0.1 * 2**tried))
        raise MynaError("The server is too busy to store this; import again later.", code="busy")


def source_keys(job: Import) -> str:
    """How the keys of all sources begin that an import from here makes; documentation is told apart by its file's name."""
    return f"import:{job.origin}:{job.name if job.origin == 'docs' else ''}:"


def _remarks(job: Import, said: Said, sender: int) -> Sequence[Remark]:
    parts = [said.text[at : at + TEXT_CHARS] for at in range(0, len(said.text), TEXT_CHARS)]
    return [
        Remark(sender, f"{job.origin}:{said.key}"[:56] + (f":{number}" if number else ""), part, said.at)
        for number, part in enumerate(parts)
        if part.strip()
    ]
