DISTRIBUTION = "bitarray"
MODULE = "bitarray"
SETUP = "import bitarray"
SPECIMENS = (
    ('bitarray.bitarray', "bitarray.bitarray('0110')", 'x.to01()', 'x[0] = 1'),
    ('bitarray.frozenbitarray', "bitarray.frozenbitarray('01')", "x, hash(x) == hash(bitarray.frozenbitarray('01'))"),
)  # fmt: skip
