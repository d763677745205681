"""Campaigns: made from a cohort, forecast, approved, let go at a pace, watched and measured (docs/campaigns.md)."""
