/**
 * What opening the chat does not need: the connection, and everything that comes up in a conversation. One piece, since the
 * same text compresses better together; it is fetched when somebody begins to write or comes back.
 */
export { Client } from "../core/client";
// Where a proxy lets no WebSocket through, a visitor is served by long polling, which passes every proxy there is.
export { poll } from "../core/http";
export { socket } from "../core/transports";
export { openPassage } from "./passage";
export { rateForm } from "./rate";
export { uploadAll } from "./upload";
export { saveTranscript } from "./transcript";
