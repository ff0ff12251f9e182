// The feature bot on node-telegram-bot-api.
const { Bot, InlineKeyboardBuilder, InputFile, TelegramApiError } = require("node-telegram-bot-api");
const { createWebhookServer } = require("node-telegram-bot-api/node");
const { png } = require("./png.cjs");

const apiRoot = process.env.BOT_API;
// The library waits by itself when it is too fast; without retries the bot sees the 429.
const bot = new Bot(process.env.BOT_TOKEN, { ...(apiRoot ? { apiRoot } : {}), maxRetries: 0 });
const api = bot.api;
const steps = new Map();
const picture = (name) => new InputFile(new Uint8Array(png()), { filename: name });
const fetched = async (file_id) => {
  const file = await api.getFile({ file_id });
  const root = apiRoot || "https://api.telegram.org";
  return (await fetch(`${root}/file/bot${process.env.BOT_TOKEN}/${file.file_path}`)).text();
};

bot.on("my_chat_member", (ctx) => {
  const change = ctx.update.my_chat_member;
  if (change.new_chat_member.status !== "left") return api.sendMessage({ chat_id: change.chat.id, text: "installed" });
});
bot.command("start", (ctx) => ctx.reply(`start ${ctx.match}`.trim()));
bot.command("html", (ctx) => ctx.reply('<b>bold</b> <a href="https://example.org/">link</a> &lt;3', { parse_mode: "HTML" }));
bot.command("menu", (ctx) => ctx.reply("choose", { reply_markup: new InlineKeyboardBuilder().text("a", "a").text("b", "b").build() }));
bot.on("callback_query", async (ctx) => {
  const query = ctx.callbackQuery;
  await ctx.answerCallbackQuery({ text: "thanks" });
  await api.editMessageText({ chat_id: query.message.chat.id, message_id: query.message.message_id, text: `chosen: ${query.data}` });
});
bot.command("form", (ctx) => {
  steps.set(ctx.message.from.id, {});
  return ctx.reply("name?");
});
bot.command("photo", (ctx) =>
  api.sendPhoto({ chat_id: ctx.message.chat.id, photo: picture("p.png"), caption: "a *picture*", parse_mode: "Markdown" }),
);
bot.command("doc", async (ctx) => {
  const document = new InputFile(new TextEncoder().encode("hello file"), { filename: "h.txt" });
  const sent = await api.sendDocument({ chat_id: ctx.message.chat.id, document });
  await ctx.reply(`downloaded ${await fetched(sent.document.file_id)}`);
});
bot.command("album", async (ctx) => {
  const media = [1, 2].map((n) => ({ type: "photo", media: picture(`${n}.png`), caption: `p${n}` }));
  const sent = await api.sendMediaGroup({ chat_id: ctx.message.chat.id, media });
  await ctx.reply(`album ${new Set(sent.map((each) => each.media_group_id)).size}`);
});
bot.command("action", async (ctx) => {
  await api.sendChatAction({ chat_id: ctx.message.chat.id, action: "typing" });
  await ctx.reply("acted");
});
bot.command("copy", async (ctx) => {
  const { chat, message_id } = ctx.message;
  await api.copyMessage({ chat_id: chat.id, from_chat_id: chat.id, message_id });
  const sent = await api.forwardMessage({ chat_id: chat.id, from_chat_id: chat.id, message_id });
  await ctx.reply(`forwarded ${sent.forward_origin.type}`);
});
bot.command("delete", async (ctx) => {
  const sent = await ctx.reply("gone");
  await api.deleteMessage({ chat_id: ctx.message.chat.id, message_id: sent.message_id });
  await ctx.reply("deleted");
});
bot.command("poll", async (ctx) => {
  const chat_id = ctx.message.chat.id;
  const sent = await api.sendPoll({ chat_id, question: "Tea?", options: [{ text: "yes" }, { text: "no" }] });
  const closed = await api.stopPoll({ chat_id, message_id: sent.message_id });
  await ctx.reply(`poll ${closed.options.length} ${closed.is_closed ? "True" : "False"}`);
});
bot.command("pin", async (ctx) => {
  const target = { chat_id: ctx.message.chat.id, message_id: ctx.message.message_id };
  await api.pinChatMessage(target);
  await api.unpinChatMessage(target);
  await api.setMessageReaction({ ...target, reaction: [{ type: "emoji", emoji: "👍" }] });
  await ctx.reply("pinned");
});
bot.command("who", async (ctx) => {
  const chat_id = ctx.message.chat.id;
  const admins = await api.getChatAdministrators({ chat_id });
  const members = await api.getChatMemberCount({ chat_id });
  const mine = await api.getChatMember({ chat_id, user_id: ctx.message.from.id });
  await ctx.reply(`${admins.length} of ${members}, you: ${mine.status}`);
});
bot.command("moderate", async (ctx) => {
  const chat_id = ctx.message.chat.id;
  const target = { chat_id, user_id: Number(ctx.match) };
  const seen = [];
  const look = async () => seen.push((await api.getChatMember(target)).status);
  await api.restrictChatMember({ ...target, permissions: { can_send_messages: false } });
  await look();
  await api.restrictChatMember({ ...target, permissions: { can_send_messages: true } });
  await api.promoteChatMember({ ...target, can_delete_messages: true });
  await look();
  await api.promoteChatMember({ ...target, can_delete_messages: false });
  await api.setChatPermissions({ chat_id, permissions: { can_send_messages: true, can_invite_users: true } });
  await api.createChatInviteLink({ chat_id, name: "two", member_limit: 2 });
  await api.banChatMember(target);
  await look();
  await api.unbanChatMember({ ...target, only_if_banned: true });
  await look();
  await ctx.reply(seen.join(" "));
});
bot.command("flood", async (ctx) => {
  try {
    for (let n = 0; n < 200; n++) await ctx.reply("x");
  } catch (slow) {
    if (!(slow instanceof TelegramApiError)) throw slow;
    await new Promise((done) => setTimeout(done, slow.retryAfter * 1000));
    await ctx.reply(`slowed ${slow.retryAfter}`);
  }
});
bot.on("chat_member", (ctx) => {
  const change = ctx.update.chat_member;
  if (change.old_chat_member.status === "left" && change.new_chat_member.status === "member")
    return api.sendMessage({ chat_id: change.chat.id, text: `joined ${change.new_chat_member.user.first_name}` });
});
bot.on("channel_post", (ctx) => {
  const post = ctx.update.channel_post;
  return api.sendMessage({ chat_id: post.chat.id, text: `post: ${post.text}` });
});
bot.on("edited_message", (ctx) => {
  const edited = ctx.update.edited_message;
  return api.sendMessage({ chat_id: edited.chat.id, text: `edited: ${edited.text}` });
});
bot.on("message", async (ctx) => {
  const { document, photo, caption, text, from, message_id } = ctx.message;
  if (document) return ctx.reply(`got ${document.file_name}: ${await fetched(document.file_id)}`);
  if (photo) return ctx.reply(`photo ${photo.at(-1).width}x${photo.at(-1).height} ${caption}`);
  if (!text) return;
  const form = steps.get(from.id);
  if (form && !form.name) {
    form.name = text;
    return ctx.reply("age?");
  }
  if (form) {
    steps.delete(from.id);
    return ctx.reply(`${form.name} is ${text}`);
  }
  return ctx.reply(`echo ${text}`, { reply_parameters: { message_id } });
});
const kinds = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member", "chat_member"];
if (process.env.WEBHOOK_PORT) {
  const port = Number(process.env.WEBHOOK_PORT);
  createWebhookServer(bot, { path: "/hook", secretToken: "s3cret" }).listen(port, "127.0.0.1", () =>
    api.setWebhook({ url: `http://127.0.0.1:${port}/hook`, secret_token: "s3cret", allowed_updates: kinds }),
  );
} else bot.startPolling(undefined, { allowedUpdates: kinds });
