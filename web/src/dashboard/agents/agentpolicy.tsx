import { t } from "../state/words";

export interface PolicyBody {
  group: { speak: string; quiet_s: number; cool_down_s: number; reply: string; [more: string]: unknown };
  budget: { day: number | null; customer_day: number | null };
  tools: unknown[];
  topics: { agent: string; words: string[] }[];
  remember: boolean;
  mask: boolean;
}

/** How an agent behaves among others, what it may cost, do, pass on and remember: the part of a version's form. */
export function PolicyFields({ body, agents }: { body: PolicyBody; agents: { id: string; name: string }[] }) {
  const topics = body.topics.map((each) => `${agents.find((one) => one.id === each.agent)?.name ?? each.agent}: ${each.words.join(", ")}`).join("\n");
  return (
    <details>
      <summary>{t("policy.more")}</summary>
      <div class="stack">
        <div class="pair">
          <label>{t("group.speak")}<select name="speak" value={body.group.speak} data-testid="group-speak"><option value="addressed">{t("group.addressed")}</option><option value="answerable">{t("group.answerable")}</option></select></label>
          <label>{t("group.reply")}<select name="reply" value={body.group.reply} data-testid="group-reply"><option value="conversation">{t("group.conversation")}</option><option value="thread">{t("group.thread")}</option><option value="whisper">{t("group.whisper")}</option></select></label>
          <label>{t("group.quiet")}<input name="quiet_s" type="number" min="0" max="3600" required defaultValue={body.group.quiet_s} /></label>
          <label>{t("group.coolDown")}<input name="cool_down_s" type="number" min="0" max="86400" required defaultValue={body.group.cool_down_s} /></label>
          <label>{t("budget.day")}<input name="day" type="number" min="0" step="any" defaultValue={body.budget.day ?? ""} /></label>
          <label>{t("budget.customerDay")}<input name="customer_day" type="number" min="0" step="any" defaultValue={body.budget.customer_day ?? ""} /></label>
        </div>
        <label>{t("topics.passed")}<textarea name="passed" rows={2} placeholder={t("topics.passedHint")} defaultValue={topics} /></label>
        <label>{t("tools.json")}<textarea name="tools" rows={4} spellcheck={false} defaultValue={JSON.stringify(body.tools, null, 2)} data-testid="tools-json" /></label>
        <label class="check"><input type="checkbox" name="remember" checked={body.remember} data-testid="remember" />{t("memory.remember")}</label>
        <label class="check"><input type="checkbox" name="mask" checked={body.mask} data-testid="mask" />{t("policy.mask")}</label>
      </div>
    </details>
  );
}

/** The part of a version that these fields hold. Throws a message for people when the tools are no JSON list, or a topic names nobody. */
export function policyOf(form: FormData, body: PolicyBody, agents: { id: string; name: string }[]): PolicyBody {
  const number = (name: string) => (form.get(name) ? Number(form.get(name)) : null);
  let tools: unknown;
  try {
    tools = JSON.parse(String(form.get("tools") || "[]"));
  } catch {
    tools = null;
  }
  if (!Array.isArray(tools)) throw new TypeError(t("tools.wrong"));
  const topics = String(form.get("passed")).split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
    const [name, words] = line.split(/[:：]/, 2);
    const agent = agents.find((each) => each.name === name?.trim() || each.id === name?.trim());
    if (!agent || !words) throw new TypeError(t("topics.wrong", { line }));
    return { agent: agent.id, words: words.split(/[,，]/).map((word) => word.trim()).filter(Boolean) };
  });
  return {
    group: { ...body.group, speak: String(form.get("speak")), reply: String(form.get("reply")), quiet_s: Number(form.get("quiet_s")), cool_down_s: Number(form.get("cool_down_s")) },
    budget: { day: number("day"), customer_day: number("customer_day") },
    tools,
    topics,
    remember: form.has("remember"),
    mask: form.has("mask"),
  };
}
