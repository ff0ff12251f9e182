/** The screens besides the conversations: loaded when they are first opened, or when the inbox has been shown for a moment. */
import { learn } from "./state/words";
import words from "../i18n/screens.en.json";

learn("en", words);

export { Agents as agents } from "./agents/agents";
export { Bots as bots } from "./bots/bots";
export { Contacts as contacts } from "./contacts/contacts";
export { Guide as guide } from "./entry/guide";
export { Knowledge as knowledge } from "./knowledge/knowledge";
export { Reports as reports } from "./reports/reports";
export { Review as review } from "./moderation/review";
export { Security as security } from "./security/security";
export { Settings as settings } from "./settings/settings";
