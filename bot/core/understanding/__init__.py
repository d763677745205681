"""What a patient's text means, in fourteen languages: red flags first, then consent, then everything else."""

from __future__ import annotations

from bot.core.understanding.asked import Asked
from bot.core.understanding.compiling import Compiled, compile_lexicons
from bot.core.understanding.lexicon import Lexicon
from bot.core.understanding.understander import Understander

__all__ = ["Asked", "Compiled", "Lexicon", "Understander", "compile_lexicons"]
