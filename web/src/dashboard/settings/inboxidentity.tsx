import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../parts/parts";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

interface Identity {
  made: boolean;
  enforce: boolean;
  secret?: string;
}

/** By which secret the site signs who its visitors are; the secret is shown once. */
export function InboxIdentity({ inbox }: { inbox: string }) {
  const [now, setNow] = useState<Identity | null>(null);
  const [secret, setSecret] = useState("");
  const path = `/v1/inboxes/${encodeURIComponent(inbox)}/identity`;
  useEffect(() => void api().get<Identity>(path).then(setNow, complain), [inbox]);
  const put = (body: { enforce: boolean; renew?: boolean }) => api().request<Identity>("PUT", path, { body }).then((made) => {
    setNow(made);
    setSecret(made.secret ?? "");
  }, complain);
  const drop = () => api().request("DELETE", path).then(() => setNow({ made: false, enforce: false }), complain);
  if (!now) return null;
  return (
    <div class="stack" data-testid="identity">
      <h3>{t("identity")}</h3>
      <p class="faint">{t("identity.hint")}</p>
      {now.made && (
        <label class="check">
          <input type="checkbox" checked={now.enforce} data-testid="identity-enforce" onChange={(event) => void put({ enforce: event.currentTarget.checked })} />
          {t("identity.enforce")}
        </label>
      )}
      <div class="actions">
        <button type="button" data-testid="identity-make" onClick={() => void put({ enforce: now.enforce, renew: now.made })}>{t(now.made ? "identity.renew" : "identity.make")}</button>
        {now.made && <button type="button" class="quiet" onClick={() => void drop()}>{t("identity.drop")}</button>}
      </div>
      {secret && (
        <Dialog title={t("identity")} close={() => setSecret("")} testid="secret">
          <p>{t("bots.once")}</p>
          <div class="snippet"><pre tabIndex={0} data-testid="secret-value">{secret}</pre><button type="button" onClick={() => void navigator.clipboard.writeText(secret).then(() => toast(t("copied")), () => toast(t("notCopied"), true))}>{t("copy")}</button></div>
        </Dialog>
      )}
    </div>
  );
}
