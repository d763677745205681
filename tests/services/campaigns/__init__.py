"""Campaigns: made, forecast, let go, paused, measured."""
