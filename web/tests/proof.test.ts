import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hash, solve } from "../src/frame/proof";

const words = (text: string) => {
  const digest = createHash("sha256").update(text).digest();
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
};

test("hashes are SHA-256 at every length around a block", () => {
  for (let length = 0; length < 200; length++) expect(hash("x".repeat(length))).toEqual(words("x".repeat(length)));
});

test("an answer's hash begins with as many zero bits as asked", async () => {
  const { answer } = await solve({ challenge: "1.12.abc", bits: 12 });
  expect(words(`1.12.abc:${answer}`)[0]! >>> 20).toBe(0);
});
