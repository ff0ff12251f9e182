import "./frame.css";
import { HANDSHAKE, type ToFrame, type ToPage } from "../widget/bridge";
import { Chat } from "./chat";

const embedded = window.parent !== window;
const query = new URLSearchParams(location.search);
let port: MessagePort | null = null;
const waiting: ToPage[] = [];

const chat = new Chat(location.origin, query.get("inbox") ?? "", embedded && !query.has("inline"), (message) => {
  if (port) port.postMessage(message);
  else if (embedded) waiting.push(message);
});

// Which pages may frame this one is decided by frame-ancestors; here only the parent itself may hand over a port.
addEventListener("message", (event) => {
  if (event.source !== window.parent || event.data !== HANDSHAKE || !event.ports[0]) return;
  port?.close();
  port = event.ports[0];
  port.onmessage = (heard: MessageEvent<ToFrame>) => {
    if (heard.data.type === "set") void chat.set(heard.data.settings);
    else if (heard.data.type === "identify") void chat.identify(heard.data.identity);
    else chat.show(heard.data.type === "shown");
  };
  for (const message of waiting.splice(0)) port.postMessage(message);
});

// In the address too, so that the first paint has the right language and colours. There are no secrets among them.
void chat.start({ ...Object.fromEntries(query), locale: query.get("locale") || navigator.language });
