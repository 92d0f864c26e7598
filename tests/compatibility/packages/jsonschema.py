DISTRIBUTION = "jsonschema"
MODULE = "jsonschema"
SETUP = "import jsonschema"
SPECIMENS = (
    ('jsonschema.Draft202012Validator', "jsonschema.Draft202012Validator({'type': 'integer'})", "x.is_valid(3), x.is_valid('a')"),
)  # fmt: skip
