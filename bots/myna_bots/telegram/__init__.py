"""The Telegram-Bot-API compatible surface: existing bots run against Myna by changing one URL, or none."""
