import { describe, expect, test } from "vitest";
import { codePoints, ConversationLog } from "../src/core";
import { bob, created, dice, finished, kes, message, talk } from "./people";

const seqs = (log: ConversationLog) => log.messages.map((each) => each.seq);

describe("events", () => {
  test("an event that follows the cursor is applied", () => {
    const log = new ConversationLog(talk());
    expect(log.apply(created(1))).toBe("applied");
    expect(seqs(log)).toEqual([1]);
  });

  test("an event seen before changes nothing", () => {
    const log = new ConversationLog(talk());
    log.apply(created(1));
    expect(log.apply(created(1, message(1, "other")))).toBe("old");
    expect(log.messages.map((each) => each.body.text)).toEqual(["m1"]);
  });

  test("an event after a gap waits until the gap is filled", () => {
    const log = new ConversationLog(talk());
    expect(log.apply(created(3))).toBe("gap");
    expect(log.apply(created(2))).toBe("gap");
    expect(seqs(log)).toEqual([]);
    expect(log.apply(created(1))).toBe("applied");
    expect(seqs(log)).toEqual([1, 2, 3]);
    expect(log.cursor).toBe(3);
  });

  test("events in any order and any number of times give the same log", () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = dice(seed);
      const bag = Array.from({ length: 12 }, (_, at) => created(at + 1));
      const sent = [...bag, ...bag, ...bag].sort(() => random() - 0.5);
      const log = new ConversationLog(talk());
      for (const event of sent) log.apply(event);
      expect(seqs(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(log.cursor).toBe(12);
    }
  });

  test("history fetched later is put in its place without doubles", () => {
    const log = new ConversationLog(talk({ rev: 9 }));
    log.merge([message(8), message(9)]);
    log.merge([message(6), message(7), message(8)]);
    expect(seqs(log)).toEqual([6, 7, 8, 9]);
  });

  test("who joins and leaves is known", () => {
    const log = new ConversationLog(talk());
    const join = { ...created(1), kind: "member.joined", seq: null, data: { user: bob, role: "member" } };
    log.apply(join);
    expect(log.user(bob.id)?.name).toBe("Bob");
    log.apply({ ...join, rev: 2, kind: "member.changed", data: { user: { id: bob.id }, role: "moderator" } });
    expect(log.conversation.members.find((each) => each.user.id === bob.id)).toMatchObject({ user: bob, role: "moderator" });
    log.apply({ ...join, rev: 3, kind: "member.left", data: { user: bob.id } });
    expect(log.user(bob.id)).toBeUndefined();
  });

  test("a restart forgets skipped history and keeps what came after it", () => {
    const log = new ConversationLog(talk());
    log.apply(created(1));
    log.restart(talk({ rev: 50 }), [message(50)]);
    expect(seqs(log)).toEqual([50]);
    expect(log.apply(created(51, message(51)))).toBe("applied");
  });
});

describe("streams", () => {
  const opened = () => {
    const log = new ConversationLog(talk());
    log.apply(created(1, message(1, "", { sender: kes.id, state: "streaming" })));
    return log;
  };
  const shown = (log: ConversationLog) => log.text(log.messages[0]!);

  test("pieces are appended at their offsets, counted in code points", () => {
    const log = opened();
    log.delta(1, 0, "好👍");
    log.delta(1, 2, "的。");
    expect(shown(log)).toBe("好👍的。");
  });

  test("a piece that comes twice or overlaps is not shown twice", () => {
    const log = opened();
    log.delta(1, 0, "Hello");
    expect(log.delta(1, 0, "Hello")).toBe(false);
    log.delta(1, 3, "lo world");
    expect(shown(log)).toBe("Hello world");
  });

  test("a piece beyond a hole waits for the snapshot", () => {
    const log = opened();
    log.delta(1, 0, "Hel");
    expect(log.delta(1, 9, "ld")).toBe(false);
    expect(shown(log)).toBe("Hel");
    log.snapshot(1, "Hello wor");
    log.delta(1, 9, "ld");
    expect(shown(log)).toBe("Hello world");
  });

  test("a snapshot replaces the text so far, also by a shorter one", () => {
    const log = opened();
    log.delta(1, 0, "The code is 1234");
    expect(log.snapshot(1, "I may not say that.")).toBe(true);
    log.snapshot(1, "Sorry");
    expect(shown(log)).toBe("Sorry");
    log.delta(1, 5, ".");
    expect(shown(log)).toBe("Sorry.");
  });

  test("the finished message replaces the stream and late pieces are ignored", () => {
    const log = opened();
    log.delta(1, 0, "Helo");
    log.apply(finished(2, message(1, "Hello.", { sender: kes.id })));
    expect(log.delta(1, 4, "!")).toBe(false);
    expect(shown(log)).toBe("Hello.");
  });

  test("pieces that come before the message are there when it opens", () => {
    const log = new ConversationLog(talk());
    log.delta(1, 0, "Early");
    log.apply(created(1, message(1, "", { sender: kes.id, state: "streaming" })));
    expect(shown(log)).toBe("Early");
  });

  test("history fetched during an answer does not undo its end", () => {
    const log = opened();
    log.apply(finished(2, message(1, "Done", { sender: kes.id })));
    log.merge([message(1, "", { sender: kes.id, state: "streaming" })]);
    expect(shown(log)).toBe("Done");
  });

  test("any overlapping pieces of a text give the text", () => {
    const text = "Ann said: 你好，👩‍👩‍👧 how are you? Bob answered with a 😀.";
    const points = Array.from(text);
    for (let seed = 0; seed < 200; seed++) {
      const random = dice(seed);
      const log = opened();
      for (let known = 0; known < points.length; ) {
        const from = Math.max(0, known - Math.floor(random() * 4));
        const to = Math.min(points.length, known + 1 + Math.floor(random() * 6));
        log.delta(1, from, points.slice(from, to).join(""));
        known = to;
      }
      expect(shown(log)).toBe(text);
    }
    expect(codePoints(text)).toBe(points.length);
  });
});
