DISTRIBUTION = "duckdb"
MODULE = "duckdb"
SETUP = "import duckdb"
SPECIMENS = (
    ('_duckdb.DuckDBPyConnection', 'duckdb.connect()', 'x', '', 'open it again there'),
)  # fmt: skip
