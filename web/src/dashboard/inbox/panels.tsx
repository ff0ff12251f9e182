import { useEffect, useState } from "preact/hooks";
import { ApiError, type Card } from "../../core";
import { CardView } from "../conversation/messageparts";
import { api } from "../state/state";
import { t } from "../state/words";

interface Panel {
  name: string;
  card?: Card;
  failed?: boolean;
}

/** What plugins show beside a conversation; nothing where there is none. */
export function Panels({ conversation, changed }: { conversation: string; changed: string }) {
  const [panels, setPanels] = useState<Panel[]>([]);
  useEffect(() => {
    let current = true;
    api().get<{ panels: Panel[] }>(`/v1/conversations/${conversation}/panels`).then(
      (reply) => current && setPanels(reply.panels),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      },
    );
    return () => {
      current = false;
    };
  }, [conversation, changed]);
  return (
    <>
      {panels.map(({ name, card, failed }) => (
        <section key={name} data-testid="panel" data-name={name}>
          {card && <CardView card={card} />}
          {failed && <p class="faint">{t("side.panelFailed", { name })}</p>}
        </section>
      ))}
    </>
  );
}
