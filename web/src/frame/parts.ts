import { type Api, type Attachment, type Button, type Message } from "../core";
import { h, OUTSIDE } from "../dom";
import { formOf } from "./forms";
import { t } from "./words";

interface Ticket {
  url: string;
  thumbnail_url: string | null;
}

/** Addresses of files work for some minutes only, so each click asks for a new one. */
function fileNode(api: Api, { name, thumbnail }: Attachment, path: string): Node {
  const ticket = () => api.post<Ticket>(`${path}/ticket`);
  const open = () => void ticket().then(({ url }) => window.open(api.origin + url, "_blank", "noopener"), () => undefined);
  const button = h("button", { class: "file", "data-testid": "file", onclick: open }, name);
  if (thumbnail) {
    void ticket().then(({ url, thumbnail_url }) => button.replaceChildren(h("img", { src: thumbnail_url ?? url, alt: name })), () => undefined);
  }
  return button;
}

function cardNode({ title, text, image, fields }: NonNullable<Message["body"]["card"]>): Node {
  return h(
    "div",
    { class: "card", "data-testid": "card" },
    image && h("img", { src: image, alt: "", referrerpolicy: "no-referrer", loading: "lazy" }),
    title && h("b", {}, title),
    text && h("p", {}, text),
    fields && h("dl", {}, ...fields.flatMap(({ label, value }) => [h("dt", {}, label), h("dd", {}, value)])),
  );
}

/** What a message carries besides its text: files, a card, buttons, a form. */
export function partsOf(api: Api, message: Message): Node[] {
  const { files, attachments, card, buttons, form } = message.body;
  const path = `/v1/conversations/${message.conversation}/messages/${message.seq}`;
  const tell = (what: string, body: unknown) => api.post(`${path}/${what}`, body, { "Idempotency-Key": crypto.randomUUID() });
  const nodes = (list: unknown[] = [], root: string) => (list as Attachment[]).map((each) => fileNode(api, each, `${root}/files/${each.id}`));
  const buttonNode = ({ label, url, action, value = "", style }: Button) =>
    url
      ? h("a", { class: "chip", href: url, ...OUTSIDE }, label)
      : h("button", { class: `chip ${style ?? ""}`, "data-testid": "action", onclick: (event) => {
          const pressed = event.currentTarget as HTMLButtonElement;
          pressed.disabled = true;
          void tell("actions", { action, value }).catch(() => undefined).then(() => (pressed.disabled = false));
        } }, label);
  return [
    ...nodes(files, "/v1"),
    ...nodes(attachments, path),
    ...(card ? [cardNode(card)] : []),
    ...(buttons ?? []).map((row) => h("div", { class: "offers" }, ...row.map(buttonNode))),
    ...(form ? [formOf(form.title, form.submit || t("send"), form.fields, (values) => tell("forms", { values }))] : []),
  ];
}
