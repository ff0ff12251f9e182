// Says something in its own conversation through the packaged client, and prints what the log shows then.
const [, , file, origin, handle, password, said] = process.argv;
const { call, Client, events, MemoryText, poll, socket, StoredSession, TextDrafts } = await import(file);
// Node.js has a WebSocket from version 22 on.
const transports = { ...("WebSocket" in globalThis && { socket: [socket] }), events: [events], poll: [poll] };

for (const [name, chosen] of Object.entries(transports)) {
  const session = await call("POST", `${origin}/v1/auth/sign-in`, { body: { handle, password } });
  const tokens = new StoredSession(origin, new MemoryText(), "session");
  tokens.keep(session);
  const client = new Client(origin, tokens, new TextDrafts(new MemoryText(), "drafts"), session.user, chosen);
  await client.start();
  const { id } = await client.api.get("/v1/saved");
  const log = await client.open(id);
  const text = `${said} by ${name}`;
  client.send(id, { text });
  await new Promise((resolve) => client.on("changed", () => log.messages.some((each) => each.body.text === text) && !client.drafts(id).length && resolve()));
  console.log(log.messages.filter((each) => each.body.text === text).length, text);
  client.stop();
}
process.exit(0);
