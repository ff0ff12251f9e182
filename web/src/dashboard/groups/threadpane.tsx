import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Citation, ConversationLog, Message } from "../../core";
import { Composer } from "../conversation/composer";
import { Icon } from "../parts/icons";
import { PassageDialog } from "../conversation/passage";
import { Trouble } from "../parts/parts";
import { client, version } from "../state/state";
import { Pending, Row } from "../conversation/thread";
import { loadReplies, openThread } from "../state/threads";
import { t } from "../state/words";

/** A message with everything that was replied to it, beside its conversation. */
export function ThreadPane({ log, seq }: { log: ConversationLog; seq: number }) {
  const conversation = log.conversation.id;
  // The log is the same object for ever: its version says that it is to be painted again.
  void version(conversation).value;
  const [fetched, setFetched] = useState<Message[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [citation, setCitation] = useState<Citation | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const load = () => loadReplies(conversation, seq).then((found) => { setFetched(found); setError(null); }, setError);
  useEffect(() => {
    setFetched([]);
    void load();
  }, [conversation, seq]);
  const live = log.messages.filter((each) => each.thread === seq);
  const replies = [...new Map([...fetched, ...live].map((each) => [each.seq, each])).values()].sort((a, b) => a.seq - b.seq);
  const root = log.messages.find((each) => each.seq === seq);
  const drafts = client.value!.drafts(conversation).filter((each) => each.thread === seq);
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [replies.length, drafts.length]);
  const close = () => (openThread.value = null);
  return (
    <aside class="side shown pane threadpane" aria-label={t("thread")} data-testid="thread-pane" onKeyDown={(event) => event.key === "Escape" && close()}>
      <header class="bar">
        <h2>{t("thread")}</h2>
        <button type="button" class="icon" aria-label={t("close")} data-testid="close-thread" onClick={close}><Icon name="close" /></button>
      </header>
      <div class="scroller" ref={list}>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        <div role="log" aria-live="polite" aria-label={t("thread")}>
          <ol class="messages">
            {root && <Row log={log} message={root} helped={undefined} open={setCitation} alone />}
            {replies.map((each) => <Row key={each.seq} log={log} message={each} helped={undefined} open={setCitation} alone />)}
            {drafts.map((draft) => <Pending key={draft.client_id} draft={draft} />)}
          </ol>
        </div>
      </div>
      <Composer conversation={conversation} thread={seq} placeholder={t("thread.reply")} locked={null} notes={false} values={{}} people={log.conversation.members.map((each) => each.user)} />
      {citation && <PassageDialog citation={citation} close={() => setCitation(null)} />}
    </aside>
  );
}
