DISTRIBUTION = "sqlalchemy"
MODULE = "sqlalchemy"
SETUP = """
import sqlalchemy as sa, sqlalchemy.orm as orm
meta = sa.MetaData(); tab = sa.Table('t', meta, sa.Column('a', sa.Integer, primary_key=True))
"""
SPECIMENS = (
    ('sqlalchemy.orm.DeclarativeMeta', 'orm.declarative_base()', 'x', '', 'SQLAlchemy maps it when it is defined'),
    ('sqlalchemy.Table', 'tab', 'str(sa.select(x)), x.c.a.primary_key'),
    ('sqlalchemy.MetaData', 'meta', 'sorted(x.tables)'),
    ('sqlalchemy.engine.url.URL', "sa.make_url('sqlite:///f?a=1')", 'str(x)'),
    ('sqlalchemy.sql.selectable.Select', 'sa.select(tab.c.a).where(tab.c.a > 1)', 'str(x)'),
)  # fmt: skip
