import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

type Tone = "friendly" | "formal" | "short" | "fix" | "translate";

/** The ways in which this server puts a draft differently; none without a model, null until it was asked. */
const tones = signal<Tone[] | null>(null);
const INTO = ["English", "中文", "Deutsch", "Français", "Español", "Português", "日本語", "한국어", "العربية"];

/** A draft in another tone, corrected or translated, before it is sent; the old words come back with one click. */
export function Rewording({ text, put }: { text: string; put(text: string): void }) {
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (tones.value) return;
    api().get<{ tones: Tone[] }>("/v1/copilot").then((reply) => (tones.value = reply.tones), (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      tones.value = [];
    });
  }, []);
  if (!tones.value?.length || !text.trim()) return null;
  const reword = async (tone: Tone, lang: string | null) => {
    setBusy(true);
    const asked = { text: text.trim(), tone, ...(lang && { lang }) };
    await api().request<{ text: string; lost: string[] }>("POST", "/v1/copilot/rewrite", { body: asked, timeout_ms: 90_000 }).then((made) => {
      put(made.text);
      const back = { name: t("reword.undo"), run: () => put(text) };
      toast(made.lost.length ? t("reword.lost", { facts: made.lost.join(", ") }) : t("reword.done"), made.lost.length > 0, back);
    }, complain);
    setBusy(false);
  };
  return (
    <div class="sources" role="group" aria-label={t("reword")} data-testid="reword">
      {tones.value.filter((each) => each !== "translate").map((each) => (
        <button type="button" class="chip small" disabled={busy} data-testid={`reword-${each}`} onClick={() => void reword(each, null)}>{t(`reword.${each as Exclude<Tone, "translate">}`)}</button>
      ))}
      {tones.value.includes("translate") && (
        <select disabled={busy} aria-label={t("reword.translate")} data-testid="reword-translate" onChange={(event) => { const into = event.currentTarget.value; event.currentTarget.value = ""; if (into) void reword("translate", into); }}>
          <option value="">{t("reword.translate")}</option>
          {INTO.map((each) => <option value={each}>{each}</option>)}
        </select>
      )}
    </div>
  );
}
