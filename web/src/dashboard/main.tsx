import "./dashboard.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { follow } from "./desk";
import { Groups } from "./groups";
import { Inbox } from "./inbox";
import { listenToKeys } from "./keys";
import { Knowledge } from "./knowledge";
import { Rail } from "./rail";
import { Review } from "./review";
import { SignIn } from "./signin";
import { client, connect, networkless, route, session, setTheme, staff, status, theme, toasts } from "./state";
import { hear } from "./typing";
import { lang, speak, t } from "./words";

const SCREENS = { inbox: Inbox, groups: Groups, review: Review, knowledge: Knowledge };

function App() {
  if (!session.value || !client.value) return <SignIn />;
  const Current = staff() ? SCREENS[route.value.screen] : Groups;
  return (
    <div class="app">
      <Rail />
      <div class="work">
        {(status.value === "offline" || networkless.value) && <div class="offline" role="status" data-testid="offline">{t("offline")}</div>}
        <Current />
      </div>
      <div class="toasts" role="status" data-testid="toasts">
        {toasts.value.map((each) => <div key={each.id} class={`toast ${each.warn ? "warn" : ""}`}>{each.text}</div>)}
      </div>
    </div>
  );
}

speak(lang.value);
setTheme(theme.value);
listenToKeys();
addEventListener("online", () => client.value?.nudge());
document.addEventListener("visibilitychange", () => document.hidden || client.value?.nudge());
effect(() => {
  const live = client.value;
  if (!live) return;
  const stop = live.on("frame", (frame) => {
    follow(frame);
    hear(frame);
  });
  return stop;
});
if (session.value) connect(session.value);
render(<App />, document.getElementById("app")!);
