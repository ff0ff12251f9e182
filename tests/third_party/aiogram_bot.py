"""The feature bot on aiogram."""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter
from aiogram.filters import (
    JOIN_TRANSITION,
    ChatMemberUpdatedFilter,
    Command,
    CommandObject,
    CommandStart,
    StateFilter,
)
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from png import png

dp = Dispatcher()


class Form(StatesGroup):
    name = State()
    age = State()


@dp.message(CommandStart())
async def start(message: Message, command: CommandObject) -> None:
    await message.answer(f"start {command.args or ''}".strip())


@dp.message(Command("html"))
async def html(message: Message) -> None:
    await message.answer('<b>bold</b> <a href="https://example.org/">link</a> &lt;3', parse_mode="HTML")


@dp.message(Command("menu"))
async def menu(message: Message) -> None:
    buttons = [InlineKeyboardButton(text=each, callback_data=each) for each in ("a", "b")]
    await message.answer("choose", reply_markup=InlineKeyboardMarkup(inline_keyboard=[buttons]))


@dp.callback_query(F.data)
async def chosen(query: CallbackQuery) -> None:
    await query.answer("thanks")
    await query.message.edit_text(f"chosen: {query.data}")


@dp.message(Command("form"))
async def form(message: Message, state: FSMContext) -> None:
    await state.set_state(Form.name)
    await message.answer("name?")


@dp.message(Form.name)
async def name(message: Message, state: FSMContext) -> None:
    await state.update_data(name=message.text)
    await state.set_state(Form.age)
    await message.answer("age?")


@dp.message(Form.age)
async def age(message: Message, state: FSMContext) -> None:
    data = await state.get_data()
    await state.clear()
    await message.answer(f"{data['name']} is {message.text}")


@dp.message(Command("photo"))
async def photo(message: Message) -> None:
    await message.answer_photo(
        BufferedInputFile(png(), "p.png"), caption="a *picture*", parse_mode="Markdown"
    )


@dp.message(Command("doc"))
async def doc(message: Message, bot: Bot) -> None:
    sent = await message.answer_document(BufferedInputFile(b"hello file", "h.txt"))
    got = await bot.download(sent.document.file_id)
    await message.answer(f"downloaded {got.read().decode()}")


@dp.message(Command("album"))
async def album(message: Message) -> None:
    files = [InputMediaPhoto(media=BufferedInputFile(png(), f"{n}.png"), caption=f"p{n}") for n in (1, 2)]
    sent = await message.answer_media_group(files)
    await message.answer(f"album {len({each.media_group_id for each in sent})}")


@dp.message(Command("action"))
async def action(message: Message, bot: Bot) -> None:
    await bot.send_chat_action(message.chat.id, "typing")
    await message.answer("acted")


@dp.message(Command("copy"))
async def copy(message: Message) -> None:
    await message.copy_to(message.chat.id)
    sent = await message.forward(message.chat.id)
    await message.answer(f"forwarded {sent.forward_origin.type}")


@dp.message(Command("delete"))
async def delete(message: Message) -> None:
    sent = await message.answer("gone")
    await sent.delete()
    await message.answer("deleted")


@dp.message(Command("poll"))
async def poll(message: Message, bot: Bot) -> None:
    sent = await message.answer_poll("Tea?", ["yes", "no"])
    closed = await bot.stop_poll(message.chat.id, sent.message_id)
    await message.answer(f"poll {len(closed.options)} {closed.is_closed}")


@dp.message(Command("pin"))
async def pin(message: Message, bot: Bot) -> None:
    await message.pin()
    await message.unpin()
    await message.react([{"type": "emoji", "emoji": "👍"}])
    await message.answer("pinned")


@dp.message(Command("who"))
async def who(message: Message, bot: Bot) -> None:
    admins = await bot.get_chat_administrators(message.chat.id)
    members = await bot.get_chat_member_count(message.chat.id)
    mine = await bot.get_chat_member(message.chat.id, message.from_user.id)
    await message.answer(f"{len(admins)} of {members}, you: {mine.status}")


@dp.message(Command("moderate"))
async def moderate(message: Message, command: CommandObject, bot: Bot) -> None:
    chat, user = message.chat, int(command.args)
    seen = []

    async def look() -> None:
        seen.append((await bot.get_chat_member(chat.id, user)).status)

    await chat.restrict(user, ChatPermissions(can_send_messages=False))
    await look()
    await chat.restrict(user, ChatPermissions(can_send_messages=True))
    await chat.promote(user, can_delete_messages=True)
    await look()
    await chat.promote(user, can_delete_messages=False)
    await chat.set_permissions(ChatPermissions(can_send_messages=True, can_invite_users=True))
    await chat.create_invite_link(name="two", member_limit=2)
    await chat.ban(user)
    await look()
    await chat.unban(user, only_if_banned=True)
    await look()
    await message.answer(" ".join(seen))


@dp.message(Command("flood"))
async def flood(message: Message) -> None:
    try:
        for _ in range(200):
            await message.answer("x")
    except TelegramRetryAfter as slow:
        await asyncio.sleep(slow.retry_after)
        await message.answer(f"slowed {slow.retry_after}")


@dp.message(F.document)
async def document(message: Message, bot: Bot) -> None:
    got = await bot.download(message.document)
    await message.answer(f"got {message.document.file_name}: {got.read().decode()}")


@dp.message(F.photo)
async def picture(message: Message) -> None:
    await message.answer(f"photo {message.photo[-1].width}x{message.photo[-1].height} {message.caption}")


@dp.chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
async def joined(update: ChatMemberUpdated, bot: Bot) -> None:
    await bot.send_message(update.chat.id, f"joined {update.new_chat_member.user.first_name}")


@dp.my_chat_member()
async def mine(update: ChatMemberUpdated, bot: Bot) -> None:
    if update.new_chat_member.status == "member":
        await bot.send_message(update.chat.id, "installed")


@dp.edited_message()
async def edited(message: Message) -> None:
    await message.answer(f"edited: {message.text}")


@dp.channel_post()
async def post(message: Message) -> None:
    await message.answer(f"post: {message.text}")


@dp.message(StateFilter(None), F.text)
async def echo(message: Message) -> None:
    await message.reply(f"echo {message.text}")


async def main() -> None:
    base = os.environ.get("BOT_API")
    session = AiohttpSession(api=TelegramAPIServer.from_base(base)) if base else None
    bot = Bot(os.environ["BOT_TOKEN"], session=session)
    if port := os.environ.get("WEBHOOK_PORT"):
        from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
        from aiohttp import web

        app = web.Application()
        SimpleRequestHandler(dp, bot, secret_token="s3cret").register(app, path="/hook")
        setup_application(app, dp, bot=bot)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(port)).start()
        await bot.set_webhook(
            f"http://127.0.0.1:{port}/hook",
            secret_token="s3cret",
            allowed_updates=dp.resolve_used_update_types(),
        )
        await asyncio.Event().wait()
    await dp.start_polling(bot)


asyncio.run(main())
