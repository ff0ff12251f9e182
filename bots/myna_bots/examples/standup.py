"""A stand-up: asks three questions one after another, remembers the answers on the server, and sums them up every day."""

from typing import Any

from myna_bots import Bot, Context, Router

router = Router()
QUESTIONS = ("What did you do yesterday?", "What will you do today?", "Is anything in your way?")


@router.command("standup", help="Tell how it goes")
async def standup(ctx: Context) -> None:
    answers = [await ctx.ask(question, timeout_s=8 * 3600) for question in QUESTIONS]
    told: dict[str, Any] = await ctx.state.get("told", {})
    told[ctx.user.name] = answers
    await ctx.state.set("told", told)
    await ctx.reply(f"Thank you, {ctx.user.name}. /summary shows everybody's answers.")


@router.command("summary", help="What everybody said")
async def summary(ctx: Context) -> None:
    told: dict[str, list[str]] = await ctx.state.get("told", {})
    lines = [f"{name}: {' · '.join(answers)}" for name, answers in sorted(told.items())]
    await ctx.reply("\n".join(lines) or "Nobody has told anything yet.")


@router.on("member.joined")
async def welcome(ctx: Context) -> None:
    if ctx.update.data["user"].get("kind") == "human":
        await ctx.reply(f"Welcome, {ctx.update.data['user']['name']}! Write /standup to begin.")


if __name__ == "__main__":
    Bot.from_env().include(router).run()
