"""Orders and refunds: a command that asks back, a card with a button, a form, and words in two languages."""

from myna_bots import Bot, Button, Card, Choice, Context, Form, Router, Text

router = Router()
ORDERS = {"7": "is on its way", "8": "was delivered on Monday"}
TEXTS = {
    "en": {"which": "Which order number?", "unknown": "There is no order {number}.", "refunded": "Refund of {number}: {why}."},
    "zh": {"which": "请问订单号是多少？", "unknown": "没有订单 {number}。", "refunded": "订单 {number} 退款：{why}。"},
}  # fmt: skip


@router.command("order", help="Where is my order?")
async def order(ctx: Context, number: str | None = None) -> None:
    number = number or await ctx.ask(ctx.t("which"), timeout_s=600)
    status = ORDERS.get(number.strip())
    if status is None:
        await ctx.reply(ctx.t("unknown", number=number))
        return
    await ctx.my.set("last_order", number)
    refund = Button("Refund", action="refund", value=number, style="danger")
    await ctx.reply(Card(f"Order {number}", text=f"Order {number} {status}.", buttons=[refund]))


@router.action("refund")
async def refund(ctx: Context, value: str) -> None:
    await ctx.notify("One moment…")
    filled = await ctx.form(
        Form(
            "Refund",
            reason=Text("Why?", required=True, max_length=200),
            how=Choice("Money back by", options=["card", "voucher"], required=True),
        )
    )
    await ctx.reply(ctx.t("refunded", number=value, why=f"{filled.reason} ({filled.how})"))


if __name__ == "__main__":
    bot = Bot.from_env().include(router)
    for language, texts in TEXTS.items():
        bot.translate(language, texts)
    bot.run()
