import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import { client, store } from "./state";
import { t } from "./words";

const keyOf = (conversation: string) => `myna.unsent.${conversation}`;

/** Where one writes. What is not sent yet is kept per conversation and survives a reload. */
export function Composer({ conversation, placeholder, locked }: { conversation: string; placeholder: string; locked: string | null }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setText(store.getItem(keyOf(conversation)) ?? ""), [conversation]);
  useEffect(() => {
    const box = field.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
  }, [text, locked]);

  const write = (value: string) => {
    setText(value);
    if (value) store.setItem(keyOf(conversation), value);
    else store.removeItem(keyOf(conversation));
    client.value?.typing(conversation, value.trim() !== "");
  };
  const send = () => {
    const said = text.trim();
    if (!said) return;
    write("");
    client.value!.send(conversation, { text: said });
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Escape") field.current?.blur();
    // keyCode 229 covers browsers that end the composition before the key event.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  if (locked) return <div class="locked" data-testid="locked">{locked}</div>;
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <textarea ref={field} rows={1} value={text} placeholder={placeholder} aria-label={placeholder} data-testid="composer"
        maxLength={client.value?.sync.limits.text_chars ?? 4000} onInput={(event) => write(event.currentTarget.value)} onKeyDown={keyed} />
      <button type="submit" class="icon primary" aria-label={t("send")} disabled={!text.trim()} data-testid="send"><Icon name="send" /></button>
    </form>
  );
}
