"""Medicines that nobody may be without for a day, as the languages say them; drafts, as the lexicons are."""

from __future__ import annotations

import re
from typing import Final

VITAL: Final = re.compile(
    r"\b(insulin\w*|ensilin|humalog|novolog|lantus|warfarin\w*|coumadin|eliquis|xarelto|plavix|blood ?thinners?"
    r"|anti-?co[aá]gulant\w*|keppra|dilantin|seizure (meds?|medicine|medication|pills?)|epilep\w+"
    r"|inhal(er|ador|ateur|ator)\w*|albuterol|oxygen|ox[ií]geno|oxyg[eè]ne|nitro\w*|lithium|clozapine|prednisone"
    r"|инсулин\w*|варфарин\w*|ингалятор\w*)\b"
    r"|胰岛素|胰島素|抗凝|인슐린|흡입기|[أاإ]نسولين|انسولین|इंसुलिन|इन्सुलिन",
    re.IGNORECASE,
)
"""Without it a patient may come to harm within a day or two: whoever asks for it is called today."""
