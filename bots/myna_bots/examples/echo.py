"""The smallest bot: it repeats what is said to it."""

from myna_bots import Bot, Context, F, Router

router = Router()


@router.command("start", help="Say hello")
async def start(ctx: Context) -> None:
    await ctx.reply(f"Hello {ctx.user.name}! Say something to me.")


@router.message(F.mentioned | F.direct | F.replied)
async def echo(ctx: Context, text: str) -> None:
    await ctx.reply(text, quote=True)


if __name__ == "__main__":
    Bot.from_env().include(router).run()
