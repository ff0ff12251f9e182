import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ApiError, call } from "../src/core/api";

let server: Server | null = null;

/** A server that answers with these bytes and then hangs up. */
async function answering(head: string, body: string): Promise<string> {
  server = createServer((request) => {
    request.socket.write(`${head}\r\n\r\n${body}`);
    request.socket.destroySoon();
  });
  await new Promise<void>((ready) => server!.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/anything`;
}

async function refusal(url: string): Promise<ApiError> {
  const error: unknown = await call("GET", url).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

afterEach(() => {
  server?.close();
});

test("an answer that breaks off after its head is an unreachable server", async () => {
  const url = await answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100", '{"half":');
  expect((await refusal(url)).code).toBe("unreachable");
});

test("a refusal without a readable body still says its status", async () => {
  const url = await answering("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5", "oops!");
  const { code, temporary } = await refusal(url);
  expect([code, temporary]).toEqual(["http_502", true]);
});
