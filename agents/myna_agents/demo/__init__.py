"""The demo workspace: a made-up outdoor shop with a bilingual help centre, an agent, and a group."""
