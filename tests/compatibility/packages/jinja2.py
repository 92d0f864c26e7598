DISTRIBUTION = "jinja2"
MODULE = "jinja2"
SETUP = "import jinja2"
SPECIMENS = (
    ('jinja2.environment.Environment', 'jinja2.Environment()', "x.from_string('a{{ b }}').render(b=1)"),
    ('jinja2.environment.Template', "jinja2.Template('a{{ b }}')", 'x.render(b=1), x.render(b=2)'),
    ('jinja2.loaders.DictLoader', "jinja2.DictLoader({'t': 'x'})", 'x.mapping', "x.mapping['u'] = 'y'"),
    ('jinja2.runtime.Undefined', "jinja2.Undefined(name='n')", 'str(x)'),
)  # fmt: skip
