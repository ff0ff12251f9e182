import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { doing, loadTickets, soonest } from "../state/desk";
import { Dialog } from "../parts/parts";
import { api, complain, toast } from "../state/state";
import { clock, t, type Word } from "../state/words";

interface Sleep {
  until: string | null;
}

/** Counts up when a conversation was put to sleep or woken here. */
const changes = signal(0);

/** The times that people mean, of those that lie ahead: in an hour, this evening, tomorrow and on Monday morning. */
export function times(now = new Date()): [Word, Date][] {
  const at = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const monday = (8 - now.getDay()) % 7 || 7;
  const found: [Word, Date][] = [
    ["snooze.hour", new Date(now.getTime() + 3_600_000)],
    ["snooze.evening", at(0, 18)],
    ["snooze.tomorrow", at(1, 9)],
    ["snooze.monday", at(monday, 9)],
  ];
  return found.filter(([, time], place) => time > now && !found.slice(0, place).some(([, other]) => other.getTime() === time.getTime()));
}

/** A date as `datetime-local` fields hold it: of this place, to the minute. */
function local(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const pathOf = (conversation: string) => `/v1/conversations/${conversation}/snooze`;

async function snooze(conversation: string, until: Date): Promise<boolean> {
  try {
    await api().request("PUT", pathOf(conversation), { body: { until: until.toISOString() } });
  } catch (error) {
    complain(error);
    return false;
  }
  toast(t("snooze.done", { until: clock(until.toISOString()) }), false, { name: t("tools.undo"), run: () => void wake(conversation) });
  changes.value++;
  void loadTickets();
  return true;
}

async function wake(conversation: string): Promise<void> {
  await api().request("DELETE", pathOf(conversation)).catch(complain);
  changes.value++;
  void loadTickets();
}

export function Snooze({ conversation }: { conversation: string }) {
  const close = () => (doing.value = null);
  const offered = times();
  const [own, setOwn] = useState(local(offered.at(-1)![1]));
  const take = (until: Date) => void snooze(conversation, until).then((done) => done && close());
  return (
    <Dialog title={t("snooze")} close={close} testid="snooze-dialog">
      <p class="faint">{t("snooze.hint")}</p>
      <ul class="sourcelist">
        {offered.map(([word, time]) => (
          <li class="source" key={word}>
            <button type="button" class="link who" data-testid={word} onClick={() => take(time)}>{t(word)}</button>
            <span class="faint">{clock(time.toISOString())}</span>
          </li>
        ))}
      </ul>
      <form class="inline" onSubmit={(event) => { event.preventDefault(); if (own) take(new Date(own)); }}>
        <input type="datetime-local" aria-label={t("snooze.own")} required min={local(new Date())} value={own} onInput={(event) => setOwn(event.currentTarget.value)} data-testid="snooze-own" />
        <button type="submit" class="primary" data-testid="snooze-set">{t("snooze")}</button>
      </form>
    </Dialog>
  );
}

/** Says over a thread that it sleeps, and wakes it. `newest` is the last message: a younger one has woken it. */
export function Asleep({ conversation, newest }: { conversation: string; newest: number }) {
  const [until, setUntil] = useState<string | null>(null);
  const [due, setDue] = useState(0);
  const counted = changes.value;
  useEffect(() => {
    let here = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A server that cannot be asked now will be asked with the next message; the list says so already.
    api().get<Sleep>(pathOf(conversation)).then((sleep) => {
      if (!here) return;
      setUntil(sleep.until);
      if (sleep.until) timer = setTimeout(() => setDue((before) => before + 1), soonest(sleep.until));
    }, () => undefined);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [conversation, newest, counted, due]);
  if (!until) return null;
  return (
    <p class="asleep" role="status" data-testid="asleep">
      {t("snooze.until", { until: clock(until) })} <button type="button" class="link" data-testid="wake" onClick={() => void wake(conversation)}>{t("snooze.wake")}</button>
    </p>
  );
}
