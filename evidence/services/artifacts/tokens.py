"""How many tokens a text takes, without asking any model's tokenizer.

One token for every three bytes of UTF-8, rounded up. English takes about four bytes a token, code about three, Chinese
and Japanese about three (one character): the estimate errs upwards, so what was promised to fit does fit.
"""

BYTES_PER_TOKEN = 3


def estimate_tokens(text: str) -> int:
    """Return the tokens to reckon with; 0 only for no text at all."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)
