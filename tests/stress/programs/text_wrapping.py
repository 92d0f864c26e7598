"""Text: wrapped by hand and by textwrap, tables, templates, formatting of all kinds."""

import string
import textwrap
from dataclasses import dataclass

TEXT = """The quick brown fox jumps over the lazy dog, and the dog, being lazy, does not mind it in the least;
it had been a long extraordinarily-long-hyphenated-word day."""


def wrapped(text, width):
    lines, line = [], []
    for word in text.split():
        if sum(map(len, line)) + len(line) + len(word) > width and line:
            lines.append(" ".join(line))
            line = []
        line.append(word)
    return [*lines, " ".join(line)]


def justified(line, width):
    words = line.split()
    if len(words) < 2:
        return line
    gaps, room = len(words) - 1, width - sum(len(word) for word in words)
    wide, rest = divmod(room, gaps)
    return "".join(word + " " * (wide + (index < rest)) for index, word in enumerate(words[:-1])) + words[-1]


@dataclass
class Row:
    name: str
    price: float
    count: int = 1

    @property
    def total(self):
        return self.price * self.count

    def __format__(self, spec):
        return f"{self.name:<{spec}}{self.price:>8.2f}{self.count:>4d}{self.total:>10,.2f}"


for line in wrapped(TEXT, 30):
    print("|" + justified(line, 30).ljust(30) + "|")
print(textwrap.fill(TEXT, 36, initial_indent="* ", subsequent_indent="  "))
print(textwrap.shorten(TEXT, 40, placeholder="..."))
print(textwrap.indent(textwrap.dedent("  one\n    two\n  three"), "> ", lambda line: "t" in line))
for row in (Row("bolt", 0.25, 100), Row("gear", 1234.5), Row("wheel", 9.999, 3)):
    print(f"{row:10}")
print(string.Template("$who likes ${what}s, $$5").substitute(who="Ann", what="pear"))
print(string.Template("$who $missing").safe_substitute(who="Ben"))
print("{0:>{width}} {name!r:^12} {2[1]:#x} {row.price:e}".format("a", 1, [1, 255], width=5, name="né", row=Row("x", 2.5)))
print(string.Formatter().vformat("{a}-{0:%}-{b[k]}", (0.5,), {"a": 1, "b": {"k": "v"}}))
print(str.maketrans("abc", "xyz"), "aabbcc".translate(str.maketrans("abc", "xyz")), "title case".title())
