import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Trouble } from "../parts/parts";
import type { Screen } from "../state/state";
import { speakAll, t } from "../state/words";

type Screens = typeof import("../screens");

const screens = signal<Screens | null>(null);
const trouble = signal<unknown>(null);

/** Loads the code of the other screens, once. A failure is shown by the screen that wants it. */
export async function loadScreens(): Promise<void> {
  if (screens.value) return;
  try {
    const found = await import("../screens");
    await speakAll();
    screens.value = found;
    trouble.value = null;
  } catch (error) {
    trouble.value = error;
  }
}

/** The guide of a new workspace, whose code may still be on its way. */
export function LaterGuide({ changed }: { changed(): void }) {
  useEffect(() => void loadScreens(), []);
  const Loaded = screens.value?.guide;
  return Loaded ? <Loaded changed={changed} /> : <div class="screen one" aria-busy={!trouble.value}>{!!trouble.value && <Trouble error={trouble.value} retry={() => void loadScreens()} />}</div>;
}

/** A screen whose code may still be on its way. */
export function Later({ screen }: { screen: Exclude<Screen, "inbox" | "groups"> }) {
  useEffect(() => void loadScreens(), []);
  if (screens.value) {
    const Loaded = screens.value[screen];
    return <Loaded />;
  }
  return (
    <div class="screen one" aria-busy={!trouble.value}>
      <div class="column">
        <h1>{t(screen)}</h1>
        {!!trouble.value && <Trouble error={trouble.value} retry={() => void loadScreens()} />}
      </div>
    </div>
  );
}
