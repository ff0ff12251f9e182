"""The feature bot on python-telegram-bot."""

import os

from png import png
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
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
for each in (start, html, menu, photo, doc, album, action, copy, delete, poll, pin, who):
    app.add_handler(CommandHandler(each.__name__, each, filters=filters.UpdateType.MESSAGE))
app.add_handler(CallbackQueryHandler(chosen))
app.add_handler(ChatMemberHandler(mine, ChatMemberHandler.MY_CHAT_MEMBER))
app.add_handler(MessageHandler(filters.TEXT, echo))
app.run_polling(allowed_updates=Update.ALL_TYPES)
