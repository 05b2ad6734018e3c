"""What goes wrong before the product runs."""


class EmbeddedError(Exception):
    """Start-up cannot go on. The text names what is wrong and the remedy; it is all that a user gets to see."""
