"""Incoming webhooks, and slash commands that are sent out: both speak as a bot in one conversation."""

import contextlib
import hashlib
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any, cast

from myna.deliver.frames import SignalFrame
from myna.errors import MynaError, NotFound, Unauthorised
from myna.ids import new_id
from myna.wire import signal
from myna_bots.host.delivering import Answer
from myna_bots.host.model import Entry, IncomingHook
from myna_bots.host.platform import BotPlatform
from myna_bots.slack.payload import BadPayload, message_of

RESPONSE_S = 1800.0
"""How long a command's `response_url` works."""
RESPONSES = 5
"""How often."""
SPACE = "slash"


class SlackHooks:
    """What both kinds of hooks do."""

    def __init__(self, platform: BotPlatform) -> None:
        self._platform = platform

    async def create(self, bot: int, conversation: int, name: str) -> tuple[IncomingHook, str]:
        """A new incoming webhook and its address, which is shown only now. Obligation: the caller's right was checked."""
        secret = secrets.token_urlsafe(24)
        hook = IncomingHook(new_id(), bot, conversation, name, time.time())
        await self._platform.incoming.add(hook, _digest(secret))
        return hook, f"{self._platform.services.settings.base_url}/hooks/{hook.id}/{secret}"

    async def speak(self, id_: int, secret: str, payload: Mapping[str, Any]) -> None:
        """Say what came in.

        Raises:
            BadPayload: `no_service` for a wrong address; otherwise what is wrong with the payload. Nothing was said.
        """
        found = await self._platform.incoming.find(id_)
        if found is None or not hmac.compare_digest(found[1], _digest(secret)):
            raise BadPayload("no_service", 404)
        hook = found[0]
        text, parts = message_of(payload)
        await self._say(hook.bot, hook.conversation, text, parts)

    async def bodies(self, entry: Entry) -> list[dict[str, Any]]:
        """A command as the form that Slack sends; nothing for any other event."""
        if entry.type != "command.invoked" or entry.conversation is None:
            return []
        data = entry.data
        token = secrets.token_urlsafe(16)
        kept = {"conversation": entry.conversation, "user": data["sender"]["id"], "left": RESPONSES}
        state, now = self._platform.state, time.time()
        await state.put(entry.bot, SPACE, _digest(token), kept, now + RESPONSE_S)
        hook = await self._platform.hooks.hook(entry.bot)
        base = self._platform.services.settings.base_url
        made = {
            "token": hook.secret if hook else "",
            "team_id": str(entry.bot),
            "channel_id": str(entry.conversation),
            "channel_name": data["place"]["title"],
            "user_id": data["sender"]["id"],
            "user_name": data["sender"].get("handle") or data["sender"]["name"],
            "command": f"/{data['command']['name']}",
            "text": data["command"]["args"],
            "response_url": f"{base}/hooks/{entry.bot}/response/{token}",
            "trigger_id": f"{entry.bot}.{entry.seq}",
        }
        return [made]

    async def answered(self, entry: Entry, answer: Answer) -> None:
        """Say what the receiver answered: JSON, or plain text for whoever asked alone."""
        text = answer.body.decode(errors="replace").strip()
        if not text or entry.conversation is None:
            return
        try:
            given = json.loads(text)
        except ValueError:
            given = {"text": text}
        if isinstance(given, dict):
            asker = str(entry.data["sender"]["id"])
            # Its receiver has answered and reads no more: there is nobody to tell what is wrong.
            with contextlib.suppress(BadPayload):
                await self._respond(entry.bot, entry.conversation, asker, cast(Any, given))

    async def respond(self, bot: int, token: str, payload: Mapping[str, Any]) -> None:
        """A later answer to a command, at its `response_url`.

        Raises:
            BadPayload: the address is used up, or wrong.
        """
        state, now = self._platform.state, time.time()
        kept = await state.get(bot, SPACE, _digest(token), now)
        if kept is None or kept["left"] <= 0:
            raise BadPayload("used_url", 404)
        # Before it is counted: what is not right uses nothing up.
        message_of(payload)
        await state.put(bot, SPACE, _digest(token), {**kept, "left": kept["left"] - 1}, now + RESPONSE_S)
        await self._respond(bot, int(kept["conversation"]), str(kept["user"]), payload)

    async def _respond(self, bot: int, conversation: int, user: str, payload: Mapping[str, Any]) -> None:
        text, parts = message_of(payload)
        if payload.get("response_type") == "in_channel":
            await self._say(bot, conversation, text, parts)
            return
        found = await self._platform.store.bot(bot)
        if found is None:
            return
        shown = {"conversation": str(conversation), "user": str(bot), "body": {"text": text, **parts}}
        frame = signal("ephemeral", shown)
        await self._platform.services.relay.signal(SignalFrame(found.workspace, frame, users=(int(user),)))

    async def _say(self, bot: int, conversation: int, text: str, parts: Mapping[str, Any]) -> None:
        try:
            principal = await self._platform.registry.principal_of(bot)
            key = f"hook-{uuid.uuid4().hex}"
            await self._platform.services.sender.send(
                principal, conversation, key, {"text": text}, parts=parts
            )
        except NotFound:
            raise BadPayload("channel_not_found", 404) from None
        except Unauthorised:
            raise BadPayload("no_service", 404) from None
        except MynaError as refused:
            word = {429: "rate_limited", 403: "action_prohibited"}.get(refused.status, "invalid_payload")
            raise BadPayload(word, refused.status) from refused


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
