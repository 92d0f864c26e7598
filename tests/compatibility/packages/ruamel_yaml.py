DISTRIBUTION = "ruamel.yaml"
MODULE = "ruamel.yaml"
SETUP = """
import ruamel.yaml, io
def dumped(x):
    s = io.StringIO(); ruamel.yaml.YAML().dump(x, s); return s.getvalue()
"""
SPECIMENS = (
    ('ruamel.yaml.comments.CommentedMap', "ruamel.yaml.YAML().load('a: 1 # c\\nb: [2]')", 'dumped(x)', "x['z'] = 3"),
)  # fmt: skip
