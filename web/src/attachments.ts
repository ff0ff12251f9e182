import type { Api, Attachment, Message } from "./core";

/** A picture that is larger is shown by its name only. */
const SHOWN_BYTES = 4_000_000;

const pathOf = (message: Message, file: Attachment) => `/v1/conversations/${message.conversation}/messages/${message.seq}/files/${file.id}`;

export const isPicture = ({ type, size }: Attachment): boolean => /^image\/(png|jpeg|gif|webp)$/.test(type) && size <= SHOWN_BYTES;

/** A bot's picture as an address of its own: the pages' policy lets no other kind of made-up address be shown. */
export async function pictureOf(api: Api, message: Message, file: Attachment): Promise<string> {
  const bytes = await api.bytes(pathOf(message, file));
  return new Promise((made, failed) => {
    const reader = new FileReader();
    reader.onload = () => made(String(reader.result));
    reader.onerror = () => failed(reader.error ?? new Error("The picture cannot be read."));
    reader.readAsDataURL(bytes);
  });
}

/** Saves a bot's file. */
export async function save(api: Api, message: Message, file: Attachment): Promise<void> {
  const url = URL.createObjectURL(await api.bytes(pathOf(message, file)));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
