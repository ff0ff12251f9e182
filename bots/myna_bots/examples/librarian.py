"""Answers from the knowledge base, word by word so that the user can press Stop, and brings a person in when asked to."""

from myna_bots import Bot, Context, F, Router

router = Router()


@router.message(F.text.contains("human", "person", "人工") & F.kind("support"))
async def person(ctx: Context) -> None:
    await ctx.handoff("asked_for_human")


@router.message(F.mentioned | F.direct | F.kind("support"))
async def answer(ctx: Context) -> None:
    passages = await ctx.knowledge.search(ctx.text, k=1)
    if not passages:
        await ctx.reply("I found nothing about that.")
        return
    best = passages[0]
    async with ctx.stream(quote=True) as out:
        for word in (best["answer"] or best["text"]).split(" "):
            await out.write(word + " ")
        await out.write(f"\n— {best['title']}")


if __name__ == "__main__":
    Bot.from_env().include(router).run()
