DISTRIBUTION = "tomlkit"
MODULE = "tomlkit"
SETUP = "import tomlkit"
SPECIMENS = (
    ('tomlkit.TOMLDocument', "tomlkit.parse('a = 1 # c')", 'x.as_string()', "x['b'] = 2"),
)  # fmt: skip
