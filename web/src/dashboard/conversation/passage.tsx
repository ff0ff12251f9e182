import { useEffect, useState } from "preact/hooks";
import { slicePoints, type Citation, type Passage } from "../../core";
import { Dialog } from "../parts/parts";
import { api } from "../state/state";
import { t } from "../state/words";

/** Where an answer comes from, with the quoted words marked. */
export function PassageDialog({ citation, close }: { citation: Citation; close(): void }) {
  const [passage, setPassage] = useState<Passage | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    api().get<Passage>(`/v1/passages/${citation.chunk}?version=${citation.version}`).then(setPassage, () => setFailed(true));
  }, [citation.chunk, citation.version]);
  const { start, end, quote } = citation;
  const exact = passage && slicePoints(passage.text, start, end) === quote;
  return (
    <Dialog title={t("source", { n: citation.n })} close={close} testid="passage">
      <h3>{[citation.title, citation.heading].filter(Boolean).join(" › ")}</h3>
      {!passage && <blockquote>{quote}</blockquote>}
      {passage && exact && (
        <p class="pre">
          {slicePoints(passage.text, 0, start)}
          <mark>{quote}</mark>
          {slicePoints(passage.text, end)}
        </p>
      )}
      {passage && !exact && <p class="pre">{passage.text}</p>}
      {failed && <p class="warn" role="alert">{t("passageFailed")}</p>}
    </Dialog>
  );
}
