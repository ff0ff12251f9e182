/** The screens besides the conversations: loaded when they are first opened, or when the inbox has been shown for a moment. */
export { Agents as agents } from "./agents";
export { Bots as bots } from "./bots";
export { Contacts as contacts } from "./contacts";
export { Knowledge as knowledge } from "./knowledge";
export { Reports as reports } from "./reports";
export { Review as review } from "./review";
export { Security as security } from "./security";
export { Settings as settings } from "./settings";
