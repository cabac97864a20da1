"""The pipeline of the supergraph that holds now; what began in one ends in it."""

from router.pipeline import Pipeline


class LivePipeline:
    def __init__(self, pipeline: Pipeline) -> None:
        self.current = pipeline
