"""Slack's and Mattermost's incoming webhooks and slash commands."""
