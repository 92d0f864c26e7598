DISTRIBUTION = "structlog"
MODULE = "structlog"
SETUP = "import structlog"
SPECIMENS = (
    ('structlog.stdlib.BoundLogger', "structlog.wrap_logger(__import__('logging').getLogger('l'), wrapper_class=structlog.stdlib.BoundLogger).bind(a=1)", 'x._context'),
)  # fmt: skip
