"""Whether this processor can compute as a recipe asks."""

import re
from pathlib import Path

from lucid_sprites.errors import UserError

_PROCESSOR = Path("/proc/cpuinfo")
# As Linux names them, on x86 and on ARM.
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}


def require(precision: str) -> None:
    """Raise UserError for arithmetic that this processor has not got."""
    if precision == "bfloat16" and not has_bfloat16():
        raise UserError(
            "precision: bfloat16: this processor has no arithmetic for it "
            f"(none of {', '.join(sorted(_BFLOAT16))} in {_PROCESSOR}); choose float32"
        )


def has_bfloat16() -> bool:
    """Whether products of bfloat16 numbers are one instruction here."""
    try:
        features = re.search(r"^(?:flags|Features)\s*:(.*)$", _PROCESSOR.read_text(), re.MULTILINE)
    except OSError:
        return False
    return bool(features and _BFLOAT16 & set(features[1].split()))
