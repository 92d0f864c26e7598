DISTRIBUTION = "regex"
MODULE = "regex"
SETUP = "import regex"
SPECIMENS = (
    ('_regex.Pattern', "regex.compile(r'(?P<n>\\p{L}+)')", "x.match('äb').group('n')"),
    ('_regex.Match', "regex.match('a', 'ab')", 'x', '', 'cannot'),
)  # fmt: skip
