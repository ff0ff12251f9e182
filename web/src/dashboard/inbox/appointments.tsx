import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { api, complain } from "../state/state";
import { clock, t } from "../state/words";

interface Appointment {
  id: string;
  starts_at: string;
  about: string;
  state: "booked" | "cancelled";
}

/** What the agent booked for this customer; an operator can give the time back. */
export function Appointments({ conversation, changed }: { conversation: string; changed: string }) {
  const [found, setFound] = useState<Appointment[]>([]);
  const load = () =>
    void api().get<{ appointments: Appointment[] }>(`/v1/appointments?conversation=${conversation}`).then((reply) => setFound(reply.appointments), (error: unknown) => {
      // What somebody may not see is not there for them.
      if (!(error instanceof ApiError)) throw error;
    });
  useEffect(load, [conversation, changed]);
  if (!found.length) return null;
  return (
    <>
      <h2>{t("appointments")}</h2>
      <ul class="turns">
        {found.map((each) => (
          <li class="turn" key={each.id} data-testid="appointment" data-state={each.state}>
            <div class="head"><b>{clock(each.starts_at)}</b><span class="faint">{t(`appointment.${each.state}`)}</span></div>
            {each.about && <p class="pre" dir="auto">{each.about}</p>}
            {each.state === "booked" && Date.parse(each.starts_at) > Date.now() && (
              <button type="button" class="link" data-testid="cancel-appointment" onClick={() => void api().post(`/v1/appointments/${each.id}/cancel`, {}).then(load, complain)}>{t("appointment.cancel")}</button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
