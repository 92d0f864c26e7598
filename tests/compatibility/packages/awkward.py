DISTRIBUTION = "awkward"
MODULE = "awkward"
SETUP = "import awkward as ak"
SPECIMENS = (
    ('awkward.Array', 'ak.Array([[1], [2, 3]])', 'x.to_list()'),
    ('awkward.Record', "ak.Record({'a': 1})", 'x.to_list()'),
)  # fmt: skip
