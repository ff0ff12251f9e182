"""The feature bot on pyTelegramBotAPI."""

import io
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import telebot
from png import png
from telebot import apihelper, types

if base := os.environ.get("BOT_API"):
    apihelper.API_URL = base + "/bot{0}/{1}"
    apihelper.FILE_URL = base + "/file/bot{0}/{1}"
bot = telebot.TeleBot(os.environ["BOT_TOKEN"])


@bot.message_handler(commands=["start"])
def start(message):
    words = message.text.split(maxsplit=1)
    bot.send_message(message.chat.id, f"start {words[1] if len(words) > 1 else ''}".strip())


@bot.message_handler(commands=["html"])
def html(message):
    text = '<b>bold</b> <a href="https://example.org/">link</a> &lt;3'
    bot.send_message(message.chat.id, text, parse_mode="HTML")


@bot.message_handler(commands=["menu"])
def menu(message):
    markup = types.InlineKeyboardMarkup()
    markup.row(*(types.InlineKeyboardButton(each, callback_data=each) for each in ("a", "b")))
    bot.send_message(message.chat.id, "choose", reply_markup=markup)


@bot.callback_query_handler(func=lambda query: True)
def chosen(query):
    bot.answer_callback_query(query.id, "thanks")
    bot.edit_message_text(f"chosen: {query.data}", query.message.chat.id, query.message.message_id)


@bot.message_handler(commands=["form"])
def form(message):
    bot.send_message(message.chat.id, "name?")
    bot.register_next_step_handler(message, name)


def name(message):
    bot.send_message(message.chat.id, "age?")
    bot.register_next_step_handler(message, age, message.text)


def age(message, who):
    bot.send_message(message.chat.id, f"{who} is {message.text}")


@bot.message_handler(commands=["photo"])
def photo(message):
    bot.send_photo(message.chat.id, png(), caption="a *picture*", parse_mode="Markdown")


@bot.message_handler(commands=["doc"])
def doc(message):
    sent = bot.send_document(message.chat.id, ("h.txt", b"hello file"))
    got = bot.download_file(bot.get_file(sent.document.file_id).file_path)
    bot.send_message(message.chat.id, f"downloaded {got.decode()}")


@bot.message_handler(commands=["album"])
def album(message):
    files = [types.InputMediaPhoto(types.InputFile(io.BytesIO(png())), caption=f"p{n}") for n in (1, 2)]
    sent = bot.send_media_group(message.chat.id, files)
    bot.send_message(message.chat.id, f"album {len({each.media_group_id for each in sent})}")


@bot.message_handler(commands=["action"])
def action(message):
    bot.send_chat_action(message.chat.id, "typing")
    bot.send_message(message.chat.id, "acted")


@bot.message_handler(commands=["copy"])
def copy(message):
    bot.copy_message(message.chat.id, message.chat.id, message.message_id)
    sent = bot.forward_message(message.chat.id, message.chat.id, message.message_id)
    bot.send_message(message.chat.id, f"forwarded {sent.forward_origin.type}")


@bot.message_handler(commands=["delete"])
def delete(message):
    sent = bot.send_message(message.chat.id, "gone")
    bot.delete_message(message.chat.id, sent.message_id)
    bot.send_message(message.chat.id, "deleted")


@bot.message_handler(commands=["poll"])
def poll(message):
    sent = bot.send_poll(message.chat.id, "Tea?", ["yes", "no"])
    closed = bot.stop_poll(message.chat.id, sent.message_id)
    bot.send_message(message.chat.id, f"poll {len(closed.options)} {closed.is_closed}")


@bot.message_handler(commands=["pin"])
def pin(message):
    bot.pin_chat_message(message.chat.id, message.message_id)
    bot.unpin_chat_message(message.chat.id, message.message_id)
    bot.set_message_reaction(message.chat.id, message.message_id, [types.ReactionTypeEmoji("👍")])
    bot.send_message(message.chat.id, "pinned")


@bot.message_handler(commands=["who"])
def who(message):
    admins = bot.get_chat_administrators(message.chat.id)
    members = bot.get_chat_member_count(message.chat.id)
    mine = bot.get_chat_member(message.chat.id, message.from_user.id)
    bot.send_message(message.chat.id, f"{len(admins)} of {members}, you: {mine.status}")


@bot.message_handler(commands=["moderate"])
def moderate(message):
    chat, user = message.chat.id, int(message.text.split()[1])
    seen = []

    def look():
        seen.append(bot.get_chat_member(chat, user).status)

    bot.restrict_chat_member(chat, user, permissions=types.ChatPermissions(can_send_messages=False))
    look()
    bot.restrict_chat_member(chat, user, permissions=types.ChatPermissions(can_send_messages=True))
    bot.promote_chat_member(chat, user, can_delete_messages=True)
    look()
    bot.promote_chat_member(chat, user, can_delete_messages=False)
    bot.set_chat_permissions(chat, types.ChatPermissions(can_send_messages=True, can_invite_users=True))
    bot.create_chat_invite_link(chat, name="two", member_limit=2)
    bot.ban_chat_member(chat, user)
    look()
    bot.unban_chat_member(chat, user, only_if_banned=True)
    look()
    bot.send_message(chat, " ".join(seen))


@bot.message_handler(commands=["flood"])
def flood(message):
    try:
        for _ in range(200):
            bot.send_message(message.chat.id, "x")
    except apihelper.ApiTelegramException as slow:
        wait_s = slow.result_json["parameters"]["retry_after"]
        time.sleep(wait_s)
        bot.send_message(message.chat.id, f"slowed {wait_s}")


@bot.message_handler(content_types=["document"])
def document(message):
    got = bot.download_file(bot.get_file(message.document.file_id).file_path)
    bot.send_message(message.chat.id, f"got {message.document.file_name}: {got.decode()}")


@bot.message_handler(content_types=["photo"])
def picture(message):
    best = message.photo[-1]
    bot.send_message(message.chat.id, f"photo {best.width}x{best.height} {message.caption}")


@bot.chat_member_handler()
def joined(update):
    if (update.old_chat_member.status, update.new_chat_member.status) == ("left", "member"):
        bot.send_message(update.chat.id, f"joined {update.new_chat_member.user.first_name}")


@bot.my_chat_member_handler()
def mine(update):
    if update.new_chat_member.status == "member":
        bot.send_message(update.chat.id, "installed")


@bot.edited_message_handler()
def edited(message):
    bot.send_message(message.chat.id, f"edited: {message.text}")


@bot.channel_post_handler()
def post(message):
    bot.send_message(message.chat.id, f"post: {message.text}")


@bot.message_handler(func=lambda message: True)
def echo(message):
    bot.reply_to(message, f"echo {message.text}")


class Hook(BaseHTTPRequestHandler):
    """What pyTelegramBotAPI's own webhook example does with Python's server."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Telegram-Bot-Api-Secret-Token"] != "s3cret":
            self.send_error(403)
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        bot.process_new_updates([types.Update.de_json(json.loads(body))])

    def log_message(self, *_):
        return


if port := os.environ.get("WEBHOOK_PORT"):
    bot.set_webhook(
        f"http://127.0.0.1:{port}/hook", secret_token="s3cret", allowed_updates=telebot.util.update_types
    )
    ThreadingHTTPServer(("127.0.0.1", int(port)), Hook).serve_forever()
bot.infinity_polling(timeout=5, long_polling_timeout=5, allowed_updates=telebot.util.update_types)
