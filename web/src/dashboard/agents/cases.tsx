import { api, complain } from "../state/state";
import { t } from "../state/words";

export interface Case {
  id: string;
  question: string;
  expect: "answer" | "not_answer" | "hand_off";
  holds: string[];
}

const EXPECT = ["answer", "not_answer", "hand_off"] as const;

/** The questions that every version must do right before it is live. */
export function Cases({ path, cases, changed }: { path: string; cases: Case[]; changed(): void }) {
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    const holds = String(form.get("holds")).split("\n").map((line) => line.trim()).filter(Boolean);
    await api().post(`${path}/cases`, { question: form.get("question"), expect: form.get("expect"), holds }).then(() => {
      element.reset();
      changed();
    }, complain);
  };
  return (
    <section class="card stack">
      <h2>{t("cases")}</h2>
      <p class="faint">{t("cases.hint")}</p>
      <ul class="sourcelist">
        {cases.map((each) => (
          <li class="source" key={each.id} data-testid="case">
            <div class="who"><b dir="auto">{each.question}</b><span class="faint">{[t(`cases.${each.expect}`), ...each.holds].join(" · ")}</span></div>
            <button type="button" class="quiet" aria-label={`${t("delete")} ${each.question}`} onClick={() => void api().request("DELETE", `${path}/cases/${each.id}`).then(changed, complain)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
      <form class="stack" onSubmit={add}>
        <label>{t("kb.question")}<input name="question" required maxLength={2000} data-testid="case-question" /></label>
        <div class="pair">
          <label>{t("cases.expect")}<select name="expect" data-testid="case-expect">{EXPECT.map((each) => <option value={each}>{t(`cases.${each}`)}</option>)}</select></label>
          <label>{t("cases.holds")}<textarea name="holds" rows={1} data-testid="case-holds" /></label>
        </div>
        <button type="submit" data-testid="add-case">{t("cases.add")}</button>
      </form>
    </section>
  );
}
