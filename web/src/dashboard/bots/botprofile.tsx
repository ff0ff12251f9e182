import { useEffect, useState } from "preact/hooks";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

export interface Bot {
  id: string;
  name: string;
  handle: string;
  description: string;
  privacy: string;
  commands: { name: string; help: string }[];
  /** What it can be asked for in inline mode; empty for no inline mode. */
  inline: string;
  photo: boolean;
  created_at: string;
}

/** A bot's picture, if it has one. */
export function BotPhoto({ bot }: { bot: Bot }) {
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    setShown(null);
    if (bot.photo) void api().post<{ url: string }>(`/v1/bots/${bot.id}/photo/ticket`).then(({ url }) => setShown(url), () => undefined);
  }, [bot]);
  return shown ? <img class="botphoto" src={shown} alt="" data-testid="bot-photo" /> : null;
}

const written = (bot: Bot) => bot.commands.map(({ name, help }) => `${name} ${help}`.trim()).join("\n");

/** A line is a command's name and, after a space, what it does. */
function commandsOf(text: string): Bot["commands"] {
  return text.split("\n").map((line) => line.trim().replace(/^\//, "")).filter(Boolean).map((line) => {
    const [name = "", ...help] = line.split(/\s+/);
    return { name, help: help.join(" ") };
  });
}

/** What a bot is called, looks like, is for, and can be told to do. */
export function BotProfile({ bot, changed }: { bot: Bot; changed(): void }) {
  const path = `/v1/bots/${bot.id}`;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const said = (name: string) => String(form.get(name));
    try {
      await api().request("PATCH", path, { body: { name: said("name"), description: said("about"), commands: commandsOf(said("commands")), inline: said("inline") } });
      const photo = form.get("photo");
      if (photo instanceof File && photo.size) await api().request("PUT", `${path}/photo`, { body: photo });
      toast(t("settings.saved"));
      changed();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <form class="stack" onSubmit={save} data-testid="bot-profile">
      <label>{t("side.name")}<input name="name" required maxLength={64} defaultValue={bot.name} data-testid="profile-name" /></label>
      <label>{t("bots.about")}<textarea name="about" rows={2} maxLength={500} defaultValue={bot.description} data-testid="profile-about" /></label>
      <label>{t("bots.commands")}<textarea name="commands" rows={3} placeholder="order Where is my order?" defaultValue={written(bot)} data-testid="profile-commands" /></label>
      <label>{t("bots.inline", { bot: bot.handle })}<input name="inline" maxLength={64} placeholder={t("bots.inlineHint")} defaultValue={bot.inline} data-testid="profile-inline" /></label>
      <label>{t("bots.photo")}<input name="photo" type="file" accept="image/png,image/jpeg,image/webp,image/gif" data-testid="profile-photo" /></label>
      <div class="actions">
        <button type="submit" class="primary" data-testid="profile-save">{t("save")}</button>
        {bot.photo && <button type="button" class="quiet" data-testid="profile-no-photo" onClick={() => void api().request("DELETE", `${path}/photo`).then(changed, complain)}>{t("bots.noPhoto")}</button>}
      </div>
    </form>
  );
}
