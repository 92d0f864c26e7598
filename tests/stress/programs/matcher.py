"""Regular expressions: parsed into nodes, matched by backtracking through generators."""


class Node:
    def __or__(self, other):
        return Either(self, other)

    def __add__(self, other):
        return Then(self, other)


class Letter(Node):
    def __init__(self, wanted):
        self.wanted = wanted

    def ends(self, text, at):
        if at < len(text) and (self.wanted == "." or text[at] == self.wanted):
            yield at + 1


class Empty(Node):
    def ends(self, text, at):
        yield at


class Then(Node):
    def __init__(self, first, second):
        self.first, self.second = first, second

    def ends(self, text, at):
        for middle in self.first.ends(text, at):
            yield from self.second.ends(text, middle)


class Either(Node):
    def __init__(self, *choices):
        self.choices = choices

    def ends(self, text, at):
        for choice in self.choices:
            yield from choice.ends(text, at)


class Repeated(Node):
    def __init__(self, inner, least):
        self.inner, self.least = inner, least

    def ends(self, text, at, count=0):
        for middle in self.inner.ends(text, at):
            if middle > at:
                yield from self.ends(text, middle, count + 1)
        if count >= self.least:
            yield at


def parse(pattern):
    letters = list(pattern)

    def choices():
        found = sequence()
        while letters and letters[0] == "|":
            letters.pop(0)
            found = found | sequence()
        return found

    def sequence():
        found = Empty()
        while letters and letters[0] not in "|)":
            found += suffixed()
        return found

    def suffixed():
        found = atom()
        while letters and letters[0] in "*+?":
            suffix = letters.pop(0)
            found = found | Empty() if suffix == "?" else Repeated(found, suffix == "+")
        return found

    def atom():
        letter = letters.pop(0)
        if letter != "(":
            return Letter(letter)
        inner = choices()
        if not letters:
            raise SyntaxError("no ) for a (")
        letters.pop(0)
        return inner

    return choices()


def match(pattern, text):
    return max(parse(pattern).ends(text, 0), default=None)


def search(pattern, text):
    node = parse(pattern)
    for start in range(len(text) + 1):
        end = next(node.ends(text, start), None)
        if end is not None:
            return start, text[start:end]
    return None


for pattern, text in [
    ("a*b", "aaab"),
    ("(ab|a)(c|bcd)(d*)", "abcd"),
    ("x.z", "xyz"),
    ("(a|b)+c?", "ababx"),
    ("q", "abc"),
    ("(a*)*b", "aaaaaab"),
]:
    print(pattern, text, match(pattern, text))
print(search("l+o", "hello world"), search("(o|d)$?", "hello"))
try:
    parse("(ab")
except SyntaxError as error:
    print(error.msg)
