"""What a command says, in one line, instead of doing what was asked."""


class CannotDo(Exception):
    """Shown to who gave the command; nothing was done."""
