// A real OpenID Connect provider for the tests (oidc-provider). Anybody may sign in as anybody, and clients register themselves.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const port = Number(process.env.PORT);
const claims = (sub) => ({
  sub,
  name: sub[0].toUpperCase() + sub.slice(1),
  preferred_username: sub,
  email: `${sub}@${sub.startsWith("far") ? "far.example" : "example.org"}`,
  email_verified: !sub.startsWith("un"),
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  features: { registration: { enabled: true }, devInteractions: { enabled: true } },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  pkce: { required: () => true },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => claims(sub) }),
  cookies: { keys: ["a key of this test"] },
});
createServer(provider.callback()).listen(port, "127.0.0.1", () => console.log("listening"));
