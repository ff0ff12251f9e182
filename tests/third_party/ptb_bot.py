"""The feature bot on python-telegram-bot."""

import asyncio
import os

from png import png
from telegram import ChatPermissions, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
from telegram.error import RetryAfter
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ConversationHandler,
    MessageHandler,
    filters,
)

NAME, AGE = range(2)


async def start(update: Update, context) -> None:
    await update.message.reply_text(f"start {' '.join(context.args)}".strip())


async def html(update: Update, context) -> None:
    await update.message.reply_text(
        '<b>bold</b> <a href="https://example.org/">link</a> &lt;3', parse_mode="HTML"
    )


async def menu(update: Update, context) -> None:
    buttons = [InlineKeyboardButton(each, callback_data=each) for each in ("a", "b")]
    await update.message.reply_text("choose", reply_markup=InlineKeyboardMarkup([buttons]))


async def chosen(update: Update, context) -> None:
    await update.callback_query.answer("thanks")
    await update.callback_query.edit_message_text(f"chosen: {update.callback_query.data}")


async def form(update: Update, context) -> int:
    await update.message.reply_text("name?")
    return NAME


async def name(update: Update, context) -> int:
    context.user_data["name"] = update.message.text
    await update.message.reply_text("age?")
    return AGE


async def age(update: Update, context) -> int:
    await update.message.reply_text(f"{context.user_data['name']} is {update.message.text}")
    return ConversationHandler.END


async def photo(update: Update, context) -> None:
    await update.message.reply_photo(png(), caption="a *picture*", parse_mode="Markdown")


async def doc(update: Update, context) -> None:
    sent = await update.message.reply_document(b"hello file", filename="h.txt")
    got = await (await sent.document.get_file()).download_as_bytearray()
    await update.message.reply_text(f"downloaded {got.decode()}")


async def album(update: Update, context) -> None:
    sent = await update.message.reply_media_group([InputMediaPhoto(png(), caption=f"p{n}") for n in (1, 2)])
    await update.message.reply_text(f"album {len({each.media_group_id for each in sent})}")


async def action(update: Update, context) -> None:
    await update.effective_chat.send_action("typing")
    await update.message.reply_text("acted")


async def copy(update: Update, context) -> None:
    await update.message.copy(update.effective_chat.id)
    sent = await update.message.forward(update.effective_chat.id)
    await update.message.reply_text(f"forwarded {sent.forward_origin.type}")


async def delete(update: Update, context) -> None:
    sent = await update.message.reply_text("gone")
    await sent.delete()
    await update.message.reply_text("deleted")


async def poll(update: Update, context) -> None:
    sent = await update.message.reply_poll("Tea?", ["yes", "no"])
    closed = await context.bot.stop_poll(update.effective_chat.id, sent.message_id)
    await update.message.reply_text(f"poll {len(closed.options)} {closed.is_closed}")


async def pin(update: Update, context) -> None:
    await update.message.pin()
    await update.message.unpin()
    await update.message.set_reaction("👍")
    await update.message.reply_text("pinned")


async def who(update: Update, context) -> None:
    admins = await update.effective_chat.get_administrators()
    members = await update.effective_chat.get_member_count()
    mine = await update.effective_chat.get_member(update.effective_user.id)
    await update.message.reply_text(f"{len(admins)} of {members}, you: {mine.status}")


async def moderate(update: Update, context) -> None:
    chat, user = update.effective_chat, int(context.args[0])
    seen = []

    async def look() -> None:
        seen.append((await chat.get_member(user)).status)

    await chat.restrict_member(user, ChatPermissions(can_send_messages=False))
    await look()
    await chat.restrict_member(user, ChatPermissions(can_send_messages=True))
    await chat.promote_member(user, can_delete_messages=True)
    await look()
    await chat.promote_member(user, can_delete_messages=False)
    await chat.set_permissions(ChatPermissions(can_send_messages=True, can_invite_users=True))
    await chat.create_invite_link(name="two", member_limit=2)
    await chat.ban_member(user)
    await look()
    await chat.unban_member(user, only_if_banned=True)
    await look()
    await update.message.reply_text(" ".join(seen))


async def flood(update: Update, context) -> None:
    try:
        for _ in range(200):
            await update.effective_chat.send_message("x")
    except RetryAfter as slow:
        wait_s = slow.retry_after if isinstance(slow.retry_after, int) else slow.retry_after.total_seconds()
        await asyncio.sleep(wait_s)
        await update.effective_chat.send_message(f"slowed {wait_s:.0f}")


async def document(update: Update, context) -> None:
    found = update.message.document
    got = await (await found.get_file()).download_as_bytearray()
    await update.message.reply_text(f"got {found.file_name}: {got.decode()}")


async def picture(update: Update, context) -> None:
    best = update.message.photo[-1]
    await update.message.reply_text(f"photo {best.width}x{best.height} {update.message.caption}")


async def joined(update: Update, context) -> None:
    change = update.chat_member
    if (change.old_chat_member.status, change.new_chat_member.status) == ("left", "member"):
        await update.effective_chat.send_message(f"joined {change.new_chat_member.user.first_name}")


async def mine(update: Update, context) -> None:
    if update.my_chat_member.new_chat_member.status == "member":
        await context.bot.send_message(update.effective_chat.id, "installed")


async def echo(update: Update, context) -> None:
    if update.edited_message:
        await update.edited_message.reply_text(f"edited: {update.edited_message.text}")
    elif update.channel_post:
        await update.channel_post.reply_text(f"post: {update.channel_post.text}")
    else:
        await update.message.reply_text(f"echo {update.message.text}", do_quote=True)


builder = Application.builder().token(os.environ["BOT_TOKEN"])
if base := os.environ.get("BOT_API"):
    builder = builder.base_url(f"{base}/bot").base_file_url(f"{base}/file/bot")
app = builder.build()
steps = {NAME: [MessageHandler(filters.TEXT, name)], AGE: [MessageHandler(filters.TEXT, age)]}
app.add_handler(ConversationHandler([CommandHandler("form", form)], steps, []))
for each in (start, html, menu, photo, doc, album, action, copy, delete, poll, pin, who, moderate, flood):
    app.add_handler(CommandHandler(each.__name__, each, filters=filters.UpdateType.MESSAGE))
app.add_handler(CallbackQueryHandler(chosen))
app.add_handler(ChatMemberHandler(mine, ChatMemberHandler.MY_CHAT_MEMBER))
app.add_handler(ChatMemberHandler(joined, ChatMemberHandler.CHAT_MEMBER))
app.add_handler(MessageHandler(filters.Document.ALL, document))
app.add_handler(MessageHandler(filters.PHOTO, picture))
app.add_handler(MessageHandler(filters.TEXT, echo))
if port := os.environ.get("WEBHOOK_PORT"):
    app.run_webhook(
        "127.0.0.1",
        int(port),
        url_path="hook",
        webhook_url=f"http://127.0.0.1:{port}/hook",
        secret_token="s3cret",
        allowed_updates=Update.ALL_TYPES,
    )
else:
    app.run_polling(allowed_updates=Update.ALL_TYPES)
