"""The story: a customer asks, is answered with sources, asks for a person, and gets one; spam does not get in."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from myna.errors import MynaError, NotFound
from myna_bots.client.calls import inbox as read_inbox
from myna_bots.client.client import Client, default_http
from myna_bots.client.errors import TimedOut
from myna_bots.client.shapes import Inbox
from myna_bots.client.wire import Message
from myna_bots.demo.paper import Paper
from myna_bots.demo.people import Someone, present

INBOX = "demo"
OPERATOR = "operator"
PASSWORD_FILE = "operator-password.txt"  # noqa: S105 - a file's name
INGESTION_S = 300.0
"""How long the help centre may take to be read, on the first start of a slow machine."""
UNKNOWN = "Which planets have rings, and could I hike on one of them?"
WANTS_A_PERSON = "I want to talk to a human, please."
SPAM = "CONGRATULATIONS!!! You have won a £1000 prize! Claim NOW: text WIN to 87121 or visit http://win-prize.example.net"


async def tell(url: str, password: str, paper: Paper) -> None:
    """Play the whole conversation against a running server with the demo workspace.

    Raises:
        MynaError: the server cannot be reached, has no demo workspace, or did something else than the story says.
    """
    inbox = await _inbox(url)
    operator = await Client.sign_in(url, OPERATOR, password)
    async with present("Operator", operator, paper) as staff:
        await _knowledge_is_read(staff, paper)
        visitor = await Client.visitor(url, INBOX)
        async with present("Customer", visitor, paper) as customer:
            paper.heading(f"A customer opens the chat of {inbox.name}")
            conversation = (await customer.api.open_support(INBOX)).id
            await _questions(customer, conversation, inbox, paper)
            await _a_person(customer, staff, conversation, inbox, paper)
            await _spam(customer, staff, conversation, paper)
    paper.heading("That was the main job. Everything of it is in the dashboard now:")
    paper.aside(f"{url}/dashboard/")


def password_in(data: Path) -> str:
    """The operator's password, from the file that the first start left in the data folder.

    Raises:
        NotFound: there is no such file here.
    """
    try:
        return (data / PASSWORD_FILE).read_text("utf-8").strip()
    except OSError:
        raise NotFound(
            f"There is no {PASSWORD_FILE} in {str(data)!r}. Name the server's data folder with --data, or set the "
            "environment variable DEMO_PASSWORD to the operator's password."
        ) from None


async def _inbox(url: str) -> Inbox:
    http = default_http(url)
    try:
        return await read_inbox(http, INBOX)
    except NotFound:
        raise NotFound(f"{url} runs without the demo workspace. Start it with: myna serve --demo") from None
    finally:
        await http.close()


async def _knowledge_is_read(staff: Someone, paper: Paper) -> None:
    told = False
    try:
        async with asyncio.timeout(INGESTION_S):
            while any(base.state == "indexing" for base in await staff.api.knowledge_bases()):
                if not told:
                    paper.aside("The help centre is still being read; this happens once.")
                told = True
                await asyncio.sleep(0.5)
    except TimeoutError:
        raise TimedOut(
            f"The help centre was not read within {INGESTION_S:g} s; see the server's log."
        ) from None


async def _questions(customer: Someone, conversation: str, inbox: Inbox, paper: Paper) -> None:
    agent = inbox.agent.name if inbox.agent is not None else "Agent"
    for language in ("en", "zh"):
        for question in inbox.suggestions.get(language, [])[1:2]:
            await customer.says(conversation, question)
            answer, pieces = await customer.hears(conversation, _said)
            paper.says(agent, answer.text)
            await _sources(customer, answer, pieces, paper)
    paper.heading("It says when it does not know")
    await customer.says(conversation, UNKNOWN)
    answer, _ = await customer.hears(conversation, _said)
    paper.says(agent, answer.text)
    for offer in answer.offers:
        paper.aside(f"[{offer.label}]")


async def _sources(customer: Someone, answer: Message, pieces: int, paper: Paper) -> None:
    for citation in answer.citations:
        passage = await customer.api.passage(citation.chunk, citation.version)
        where = " › ".join(each for each in (citation.title, citation.heading) if each)
        paper.aside(f"[{citation.n}] {where}: “{_short(citation.quote)}”")
        if citation.quote not in passage.text:
            raise MynaError(f"The quotation is not in the passage that citation {citation.n} opens.")
    if answer.citations:
        streamed = f"streamed in {pieces} pieces; " if pieces > 1 else ""
        paper.aside(f"({streamed}each citation opens the passage that it quotes)")


async def _a_person(customer: Someone, staff: Someone, conversation: str, inbox: Inbox, paper: Paper) -> None:
    agent = inbox.agent.name if inbox.agent is not None else "Agent"
    paper.heading("The customer asks for a person, and an operator takes over")
    await customer.says(conversation, WANTS_A_PERSON)
    answer, _ = await customer.hears(conversation, _said)
    paper.says(agent, answer.text)
    ticket = await _queued(staff, conversation)
    paper.aside(f"(the operator sees it in the queue: {ticket})")
    await staff.api.claim(conversation)
    notice, _ = await customer.hears(conversation, _noticed("handoff.claimed"))
    paper.aside(f"({notice.text})")
    await staff.says(conversation, "Hello, a person here. How can I help?")
    await customer.hears(conversation, _said)
    await customer.says(conversation, "Just checking that you are real. Thank you!")
    await staff.hears(conversation, _said)
    # The last word is the operator's: an agent that is given an open question answers it at once.
    await staff.says(
        conversation, "Very much so. I leave you with the agent again; call me back at any time."
    )
    await customer.hears(conversation, _said)
    await staff.api.release(conversation, "agent")
    paper.aside("(the operator gives the conversation back to the agent)")
    for question in inbox.suggestions.get("en", [])[:1]:
        await customer.says(conversation, question)
        answer, pieces = await customer.hears(conversation, _said)
        paper.says(agent, answer.text)
        await _sources(customer, answer, pieces, paper)


async def _queued(staff: Someone, conversation: str) -> str:
    for row in (await staff.api.tickets("queue")).tickets:
        if row.conversation == conversation:
            return row.summary or row.reason or "no summary"
    raise NotFound("The conversation is not in the queue.")


async def _spam(customer: Someone, staff: Someone, conversation: str, paper: Paper) -> None:
    paper.heading("Spam waits for a moderator")
    if await customer.says(conversation, SPAM):
        raise MynaError("The spam filter let the message through; is MYNA_MODERATION off?")
    for held in (await staff.api.held()).held:
        if held.conversation == conversation:
            paper.aside(f"(held: {'; '.join(each.detail or each.code for each in held.reasons)})")
            await staff.api.decide(held.id, "block")
            paper.aside("(the operator blocks it; nobody else has seen it)")
            return
    raise NotFound("The held message is not in the review list.")


def _said(message: Message) -> bool:
    return message.kind == "text"


def _noticed(code: str) -> Callable[[Message], bool]:
    return lambda message: message.code == code


def _short(quote: str, most: int = 90) -> str:
    return quote if len(quote) <= most else quote[: most - 1].rstrip() + "…"
