import "./dashboard.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { follow } from "./state/desk";
import { Arrive, arrival } from "./entry/arrive";
import { Authorize, authorization } from "./entry/authorize";
import { Groups } from "./groups/groups";
import { Inbox } from "./inbox/inbox";
import { invitation, Join } from "./entry/join";
import { listenToKeys } from "./shell/keys";
import { Later, loadScreens } from "./shell/later";
import { announce } from "./state/notify";
import { help, Keys, Palette, palette } from "./shell/palette";
import { Rail } from "./shell/rail";
import { SignIn } from "./entry/signin";
import { screens } from "./state/rights";
import { client, connect, networkless, route, session, setTheme, status, theme, toasts } from "./state/state";
import { countReplies } from "./state/threads";
import { hear } from "./state/typing";
import { lang, speak, t } from "./state/words";

/** After the first screen stands, the others are fetched: their first opening needs no network then. */
const IDLE_MS = 2_000;

function App() {
  const [invited, setInvited] = useState(invitation);
  const [arrived, setArrived] = useState(arrival);
  const [asked, setAsked] = useState(authorization);
  useEffect(() => {
    const look = () => {
      setInvited(invitation());
      setArrived(arrival());
      setAsked(authorization());
    };
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  if (arrived) return <Arrive found={arrived} leave={() => (location.hash = "")} />;
  if (invited) return <Join token={invited} leave={() => (location.hash = "")} />;
  if (!session.value || !client.value) return <SignIn />;
  if (asked) return <Authorize asked={asked} leave={() => (location.hash = "")} />;
  const screen = screens().includes(route.value.screen) ? route.value.screen : screens()[0]!;
  return (
    <div class="app">
      <Rail />
      <main class="work">
        {(status.value === "offline" || networkless.value) && <div class="offline" role="status" data-testid="offline">{t("offline")}</div>}
        {screen === "inbox" ? <Inbox /> : screen === "groups" ? <Groups /> : <Later screen={screen} />}
      </main>
      {palette.value && <Palette />}
      {help.value && <Keys />}
      <div class="toasts" role="status" data-testid="toasts">
        {toasts.value.map((each) => <div key={each.id} class={`toast ${each.warn ? "warn" : ""}`}>{each.text}{each.act && <button type="button" class="link" data-testid="toast-act" onClick={() => { toasts.value = toasts.value.filter((other) => other !== each); each.act!.run(); }}>{each.act.name}</button>}</div>)}
      </div>
    </div>
  );
}

setTheme(theme.value);
listenToKeys();
addEventListener("online", () => client.value?.nudge());
document.addEventListener("visibilitychange", () => document.hidden || client.value?.nudge());
effect(() => {
  const live = client.value;
  if (!live) return;
  const stop = live.on("frame", (frame) => {
    follow(frame);
    announce(frame);
    hear(frame);
    countReplies(frame);
  });
  return stop;
});
if (session.value) connect(session.value);
void speak(lang.value).then(() => {
  render(<App />, document.getElementById("app")!);
  setTimeout(() => void loadScreens(), IDLE_MS);
});
