"""How the settings say things: what is wrong with a field, days, categories."""

from __future__ import annotations

from typing import Final

from bot.services.setting import Fault
from bot.web.console.language import Said

FAULTS: Final = Said({
    Fault.MISSING: "Fill this in.",
    Fault.TOO_LONG: "This is too long.",
    Fault.TAKEN: "There is a location of this name already.",
    Fault.TELLS: "This name tells what the care is for, and texts show on lock screens. Choose another one for texts.",
    Fault.PHONE: "This is no phone number that can be called. Write it with its area code, without extension.",
    Fault.ZONE: "There is no such time zone. Choose one from the list, such as America/Chicago.",
    Fault.HALF: "Give both times, or neither for a closed day.",
    Fault.ORDER: "The end comes before the start.",
    Fault.DATES: "Write each date as 2026-12-25, one on each line.",
    Fault.DATE: "Choose a day that is not in the future.",
    Fault.NUMBER: "Write a whole number within the limits.",
    Fault.PERSON: "Choose somebody whose account is in use and may act.",
    Fault.NO_WAY: "Give a number for texts, or choose e-mail: otherwise they hear nothing.",
    Fault.CHOICE: "Choose one from the list.",
    Fault.URL: "Write the whole address, beginning with https://.",
    Fault.OFFERS: "This asks for a word on which carriers act by themselves, such as STOP or YES. Find another one.",
    Fault.WORDS: "These words tell what the care is for, and texts show on lock screens. Find others.",
    Fault.LANGUAGE: "Write language codes that the clinic has, such as en, es.",
})  # fmt: skip
LEVEL_ORDER: Final = Said({"order": "Something more urgent cannot have more time than this."})
WEEKDAYS: Final = Said({
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
})  # fmt: skip
CATEGORIES: Final = Said({
    "transport": "Rides", "food": "Food", "cost": "Cost and insurance", "housing": "Housing", "other": "Other",
})  # fmt: skip
PLACES: Final = Said({
    "console.settings": "Overview",
    "console.setting_locations": "Locations",
    "console.setting_on_call": "On call",
    "console.setting_levels": "Service levels",
    "console.setting_resources": "Resources",
})  # fmt: skip
"""The pages of the settings, as their menu has them."""
