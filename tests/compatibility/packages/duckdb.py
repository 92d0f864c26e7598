DISTRIBUTION = "duckdb"
MODULE = "duckdb"
SETUP = "import duckdb"
SPECIMENS = (
    ('_duckdb.DuckDBPyConnection', 'duckdb.connect()', 'x', '', 'cannot pickle'),
)  # fmt: skip
