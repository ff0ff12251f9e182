// Lets a Telegram bot on Node talk to Myna without an edit: what it sends to api.telegram.org goes to BOT_URL, as BOT_TOKEN.
// `myna bots run` loads this file through NODE_OPTIONS.
"use strict";
const http = require("node:http");
const https = require("node:https");

const base = new URL(process.env.BOT_URL || "http://127.0.0.1:8000");
const HOST = "api.telegram.org";
const plain = base.protocol === "http:" ? http : https;
const port = base.port || (base.protocol === "http:" ? 80 : 443);
const token = process.env.BOT_TOKEN;
// A token that is written into the program stays there; the server gets this one.
const signed = (path) => (token ? String(path).replace(/^((?:\/file)?\/bot)[^/]*(?=\/)/, (_, start) => start + token) : path);

function moved(options) {
  const { agent: _agent, protocol: _protocol, servername: _servername, href: _href, host: _host, ...kept } = options;
  const headers = { ...(options.headers || {}) };
  for (const name of Object.keys(headers)) if (name.toLowerCase() === "host") delete headers[name];
  return { ...kept, protocol: base.protocol, hostname: base.hostname, port, path: signed(options.path ?? "/"), headers };
}

function hook(module, name) {
  const before = module[name];
  module[name] = function (first, ...rest) {
    let options = first;
    if (typeof first === "string" || first instanceof URL) {
      const url = new URL(String(first));
      options = { hostname: url.hostname, path: url.pathname + url.search };
      if (rest.length && typeof rest[0] === "object") options = { ...options, ...rest.shift() };
      if (url.hostname !== HOST) return before.call(this, first, ...(options === first ? [] : [options]), ...rest);
    }
    const host = String(options.hostname || options.host || "").split(":")[0];
    return host === HOST ? plain[name === "get" ? "get" : "request"](moved(options), ...rest) : before.call(this, options, ...rest);
  };
}
hook(https, "request");
hook(https, "get");

if (typeof globalThis.fetch === "function") {
  const before = globalThis.fetch;
  globalThis.fetch = function (input, init) {
    const address = typeof input === "string" || input instanceof URL ? String(input) : input.url;
    if (new URL(address).hostname !== HOST) return before(input, init);
    const url = new URL(address);
    const target = new URL(signed(url.pathname) + url.search, base);
    return typeof input === "string" || input instanceof URL ? before(target, init) : before(new Request(target, input), init);
  };
}
