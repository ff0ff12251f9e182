import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Empty, Trouble } from "../parts/parts";
import { Alerts, LimitsScreen, PrivacyScreen } from "./safety";
import { api, complain, tokens } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Line {
  number: number;
  at: string;
  actor: string | null;
  actor_name: string | null;
  action: string;
  subject: string;
  data: Record<string, unknown>;
}

interface Verified {
  intact: boolean;
  lines: number;
  broken_at: number | null;
  hash: string | null;
}

const FAMILIES = ["", "message.", "appeal.", "policy.", "listing.", "person.", "provider.", "application.", "role.", "bot.", "invitation.", "password.", "factor.", "passkey.", "address."] as const;

const PARTS = ["audit", "alerts", "limits", "privacy"] as const;

/** Who decided what, attacks and what follows, limits, and what is kept about people. */
export function Security() {
  const [part, setPart] = useState<(typeof PARTS)[number]>("audit");
  const tabs = (
    <div class="views" role="tablist" aria-label={t("security")}>
      {PARTS.map((each) => <button type="button" role="tab" aria-selected={each === part} data-testid={`safety-${each}`} onClick={() => setPart(each)}>{t(`safety.${each}`)}</button>)}
    </div>
  );
  if (part === "audit") return <Audit tabs={tabs} />;
  return (
    <div class="screen one">
      <div class="column wide">
        <h1>{t("security")}</h1>
        {tabs}
        {part === "alerts" ? <Alerts /> : part === "limits" ? <LimitsScreen /> : <PrivacyScreen />}
      </div>
    </div>
  );
}

/** A chain of lines that can only grow. */
function Audit({ tabs }: { tabs: ComponentChildren }) {
  const [family, setFamily] = useState<string>("");
  const [lines, setLines] = useState<Line[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [verified, setVerified] = useState<Verified | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (before: number | null) => api().get<{ lines: Line[]; next: number | null }>(`/v1/audit?limit=100${before ? `&before=${before}` : ""}${family ? `&action=${family}` : ""}`).then((reply) => {
    setLines((known) => (before ? [...known, ...reply.lines] : reply.lines));
    setNext(reply.next);
    setError(null);
  }, setError);
  useEffect(() => void load(null), [family]);
  const save = async () => {
    const response = await fetch("/v1/audit/export", { headers: { Authorization: `Bearer ${await tokens.get()}` } });
    const address = URL.createObjectURL(await response.blob());
    Object.assign(document.createElement("a"), { href: address, download: "audit.ndjson" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  return (
    <div class="screen one">
      <div class="column wide">
        <div class="titled">
          <h1>{t("security")}</h1>
          <span class="actions">
            <button type="button" data-testid="audit-verify" onClick={() => void api().get<Verified>("/v1/audit/verify").then(setVerified, complain)}>{t("audit.verify")}</button>
            <button type="button" onClick={() => void save().catch(complain)}>{t("audit.export")}</button>
          </span>
        </div>
        {tabs}
        {verified && <p class={`hint ${verified.intact ? "" : "warn"}`} role="status" data-testid="audit-verified">{verified.intact ? t("audit.intact", { n: verified.lines }) : t("audit.broken", { n: verified.broken_at ?? 0 })} {verified.hash && <code>{verified.hash.slice(0, 16)}…</code>}</p>}
        <div class="views" role="tablist" aria-label={t("safety.audit")}>
          {FAMILIES.map((each) => <button type="button" role="tab" aria-selected={each === family} onClick={() => setFamily(each)}>{t(`audit.${each.replace(".", "") || "all"}` as "audit.all")}</button>)}
        </div>
        {!!error && <Trouble error={error} retry={() => void load(null)} />}
        {!error && lines.length === 0 && <Empty title={t("audit.none")} hint={t("audit.noneHint")} />}
        {lines.length > 0 && <ul class="sourcelist card">
          {lines.map((each) => (
            <li class="source" key={each.number} data-testid="audit-line">
              <div class="who">
                <b>{coded("audit.act", each.action, each.action)}</b>
                <span class="faint">#{each.number} · {each.actor_name ?? t("audit.system")} · {each.subject} · {ago(each.at)}</span>
                {Object.keys(each.data).length > 0 && <details><summary>{t("details")}</summary><pre tabIndex={0}>{JSON.stringify(each.data, null, 2)}</pre></details>}
              </div>
            </li>
          ))}
        </ul>}
        {next !== null && <button type="button" class="chip" onClick={() => void load(next)}>{t("older")}</button>}
      </div>
    </div>
  );
}
