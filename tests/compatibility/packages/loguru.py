DISTRIBUTION = "loguru"
MODULE = "loguru"
SETUP = "import loguru"
SPECIMENS = (
    ('loguru._logger.Logger', 'loguru.logger.bind(a=1)', 'type(x).__name__'),
)  # fmt: skip
