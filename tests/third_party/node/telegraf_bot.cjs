// The feature bot on telegraf.
const http = require("node:http");
const { Telegraf, Markup, Input, TelegramError } = require("telegraf");
const { message } = require("telegraf/filters");
const { png } = require("./png.cjs");

const apiRoot = process.env.BOT_API;
const bot = new Telegraf(process.env.BOT_TOKEN, apiRoot ? { telegram: { apiRoot } } : {});
const steps = new Map();

bot.on("my_chat_member", (ctx) => ctx.myChatMember.new_chat_member.status !== "left" && ctx.reply("installed"));
bot.start((ctx) => ctx.reply(`start ${ctx.payload}`.trim()));
bot.command("html", (ctx) => ctx.replyWithHTML('<b>bold</b> <a href="https://example.org/">link</a> &lt;3'));
bot.command("menu", (ctx) => ctx.reply("choose", Markup.inlineKeyboard(["a", "b"].map((each) => Markup.button.callback(each, each)))));
bot.on("callback_query", async (ctx) => {
  await ctx.answerCbQuery("thanks");
  await ctx.editMessageText(`chosen: ${ctx.callbackQuery.data}`);
});
bot.command("form", (ctx) => {
  steps.set(ctx.from.id, {});
  return ctx.reply("name?");
});
bot.command("photo", (ctx) => ctx.replyWithPhoto(Input.fromBuffer(png(), "p.png"), { caption: "a *picture*", parse_mode: "Markdown" }));
bot.command("doc", async (ctx) => {
  const sent = await ctx.replyWithDocument(Input.fromBuffer(Buffer.from("hello file"), "h.txt"));
  const link = await ctx.telegram.getFileLink(sent.document.file_id);
  const got = await fetch(link);
  await ctx.reply(`downloaded ${await got.text()}`);
});
bot.command("album", async (ctx) => {
  const media = [1, 2].map((n) => ({ type: "photo", media: Input.fromBuffer(png(), `${n}.png`), caption: `p${n}` }));
  const sent = await ctx.replyWithMediaGroup(media);
  await ctx.reply(`album ${new Set(sent.map((each) => each.media_group_id)).size}`);
});
bot.command("action", async (ctx) => {
  await ctx.sendChatAction("typing");
  await ctx.reply("acted");
});
bot.command("copy", async (ctx) => {
  await ctx.copyMessage(ctx.chat.id);
  const sent = await ctx.forwardMessage(ctx.chat.id);
  await ctx.reply(`forwarded ${sent.forward_origin.type}`);
});
bot.command("delete", async (ctx) => {
  const sent = await ctx.reply("gone");
  await ctx.telegram.deleteMessage(ctx.chat.id, sent.message_id);
  await ctx.reply("deleted");
});
bot.command("poll", async (ctx) => {
  const sent = await ctx.replyWithPoll("Tea?", ["yes", "no"]);
  const closed = await ctx.telegram.stopPoll(ctx.chat.id, sent.message_id);
  await ctx.reply(`poll ${closed.options.length} ${closed.is_closed ? "True" : "False"}`);
});
bot.command("pin", async (ctx) => {
  await ctx.pinChatMessage(ctx.message.message_id);
  await ctx.unpinChatMessage(ctx.message.message_id);
  await ctx.react("👍");
  await ctx.reply("pinned");
});
bot.command("who", async (ctx) => {
  const admins = await ctx.getChatAdministrators();
  const members = await ctx.getChatMembersCount();
  const mine = await ctx.getChatMember(ctx.from.id);
  await ctx.reply(`${admins.length} of ${members}, you: ${mine.status}`);
});
bot.command("moderate", async (ctx) => {
  const user = Number(ctx.payload);
  const seen = [];
  const look = async () => seen.push((await ctx.getChatMember(user)).status);
  await ctx.restrictChatMember(user, { permissions: { can_send_messages: false } });
  await look();
  await ctx.restrictChatMember(user, { permissions: { can_send_messages: true } });
  await ctx.promoteChatMember(user, { can_delete_messages: true });
  await look();
  await ctx.promoteChatMember(user, { can_delete_messages: false });
  await ctx.setChatPermissions({ can_send_messages: true, can_invite_users: true });
  await ctx.createChatInviteLink({ name: "two", member_limit: 2 });
  await ctx.banChatMember(user);
  await look();
  await ctx.telegram.unbanChatMember(ctx.chat.id, user, { only_if_banned: true });
  await look();
  await ctx.reply(seen.join(" "));
});
bot.command("flood", async (ctx) => {
  try {
    for (let n = 0; n < 200; n++) await ctx.reply("x");
  } catch (slow) {
    if (!(slow instanceof TelegramError)) throw slow;
    await new Promise((done) => setTimeout(done, slow.parameters.retry_after * 1000));
    await ctx.reply(`slowed ${slow.parameters.retry_after}`);
  }
});
bot.on(message("document"), async (ctx) => {
  const got = await fetch(await ctx.telegram.getFileLink(ctx.message.document.file_id));
  await ctx.reply(`got ${ctx.message.document.file_name}: ${await got.text()}`);
});
bot.on(message("photo"), (ctx) => {
  const best = ctx.message.photo.at(-1);
  return ctx.reply(`photo ${best.width}x${best.height} ${ctx.message.caption}`);
});
bot.on("chat_member", (ctx) => {
  const change = ctx.chatMember;
  if (change.old_chat_member.status === "left" && change.new_chat_member.status === "member")
    return ctx.reply(`joined ${change.new_chat_member.user.first_name}`);
});
bot.on("channel_post", (ctx) => ctx.reply(`post: ${ctx.channelPost.text}`));
bot.on("edited_message", (ctx) => ctx.reply(`edited: ${ctx.editedMessage.text}`));
bot.on("message", async (ctx) => {
  const form = steps.get(ctx.from.id);
  if (form && !form.name) {
    form.name = ctx.message.text;
    return ctx.reply("age?");
  }
  if (form) {
    steps.delete(ctx.from.id);
    return ctx.reply(`${form.name} is ${ctx.message.text}`);
  }
  return ctx.reply(`echo ${ctx.message.text}`, { reply_parameters: { message_id: ctx.message.message_id } });
});
const kinds = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member", "chat_member"];
if (process.env.WEBHOOK_PORT) {
  const port = Number(process.env.WEBHOOK_PORT);
  http.createServer(bot.webhookCallback("/hook", { secretToken: "s3cret" })).listen(port, "127.0.0.1", () =>
    bot.telegram.setWebhook(`http://127.0.0.1:${port}/hook`, { secret_token: "s3cret", allowed_updates: kinds }),
  );
} else bot.launch({ allowedUpdates: kinds });
