import { Dialog } from "../parts/parts";
import { heldChanges } from "../state/desk";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

const MAX_CHARS = 1000;

/** The sender of a blocked message says why it should pass; once for each. */
export function AppealDialog({ held, text, close }: { held: string; text: string; close(): void }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const said = String(new FormData(event.currentTarget as HTMLFormElement).get("text"));
    await api().post(`/v1/held/${held}/appeal`, { text: said }).then(() => { toast(t("appeal.sent")); close(); heldChanges.value++; }, complain);
  };
  return (
    <Dialog title={t("appeal")} close={close} testid="appeal-dialog">
      <form class="stack" onSubmit={submit}>
        <blockquote class="pre">{text}</blockquote>
        <label>{t("appeal.why")}<textarea name="text" rows={3} required maxLength={MAX_CHARS} data-testid="appeal-text" /></label>
        <button type="submit" class="primary" data-testid="appeal-send">{t("appeal.send")}</button>
      </form>
    </Dialog>
  );
}
