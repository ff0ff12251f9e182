/** What most visitors never need, in one piece that is fetched when somebody does. */
export { openPassage } from "./passage";
export { rateForm } from "./rate";
export { saveTranscript } from "./transcript";
