DISTRIBUTION = "pyyaml"
MODULE = "yaml"
SETUP = "import yaml"
SPECIMENS = (
    ('yaml.ScalarNode', "yaml.compose('a: 1').value[0][0]", 'x.value, x.tag'),
    ('yaml.MappingNode', "yaml.compose('a: 1')", 'yaml.serialize(x)'),
    ('yaml.Mark', "yaml.compose('a: 1').start_mark", 'x.line, x.column'),
)  # fmt: skip
