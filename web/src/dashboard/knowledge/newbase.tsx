import { useState } from "preact/hooks";
import { api, complain } from "../state/state";
import { t } from "../state/words";

const AUDIENCES = ["public", "internal"] as const;
const AUDIENCE_WORDS = { public: "kb.audiencePublic", internal: "kb.audienceInternal" } as const;

/** Makes a knowledge base; a name that is taken leads to the base that has it. */
export function NewBase({ first, made }: { first: boolean; made(id: string): void }) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    setBusy(true);
    try {
      const base = await api().post<{ id: string }>("/v1/knowledge-bases", { name: form.get("name"), audience: form.get("audience") });
      element.reset();
      const folded = element.closest("details");
      if (folded && !first) folded.open = false;
      made(base.id);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <details class="newbase" open={first}>
      <summary data-testid="base-new">{t("kb.new")}</summary>
      <form class="stack card" onSubmit={submit}>
        <label>{t("side.name")}<input name="name" required maxLength={200} pattern=".*\S.*" data-testid="base-name" /></label>
        <fieldset>
          <legend>{t("kb.audience")}</legend>
          {AUDIENCES.map((each, at) => <label class="check" key={each}><input type="radio" name="audience" value={each} defaultChecked={at === 0} data-testid={`base-${each}`} />{t(AUDIENCE_WORDS[each])}</label>)}
        </fieldset>
        <div class="actions"><button type="submit" class="primary" disabled={busy} data-testid="base-add">{t("kb.newButton")}</button></div>
      </form>
    </details>
  );
}
