"""Running a query plan against the subgraphs, and shaping what they gave for the client."""

from router.executor.execute import deliver, execute, prepare, subscribe

__all__ = ["deliver", "execute", "prepare", "subscribe"]
