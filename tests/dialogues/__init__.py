"""Scripted dialogues: what patients, staff and time do, through the real webhook and API, and where it must end."""
