"""How an exchange of HTTP/1.1 fails; what the system says of a connection is an OSError beside these."""


class CannotSend(ValueError):
    """The request itself is not one that may be sent."""


class BadReply(Exception):
    """What came back is not HTTP/1.1, or not as it was asked for."""


class ReplyTooLarge(BadReply):
    """More came back than may be read."""


class ClosedBeforeReply(ConnectionError):
    """The connection ended before one byte of a reply had come."""


class CutOff(ConnectionError):
    """The connection ended in the middle of a reply."""
