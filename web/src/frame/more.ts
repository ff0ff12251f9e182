/**
 * What opening the chat does not need: the connection, and everything that comes up in a conversation. One piece, since the
 * same text compresses better together; it is fetched when somebody begins to write or comes back.
 */
export { Client } from "../core/client";
export { events, poll } from "../core/http";
export { socket } from "../core/transports";
export { openPassage } from "./passage";
export { rateForm } from "./rate";
export { saveTranscript } from "./transcript";
