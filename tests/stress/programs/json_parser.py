"""A parser of JSON, written by hand, with errors that say where."""

ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", "b": "\b"}


class ParseError(Exception):
    def __init__(self, message, position):
        super().__init__(message, position)
        self.position = position

    def __str__(self):
        return "{} at {}".format(*self.args)


class Parser:
    def __init__(self, text):
        self.text, self.position = text, 0

    @property
    def next(self):
        return self.text[self.position] if self.position < len(self.text) else ""

    def skip(self):
        while self.next and self.next in " \n\t":
            self.position += 1

    def expect(self, letter):
        if self.next != letter:
            raise ParseError(f"{letter!r} expected, not {self.next!r}", self.position)
        self.position += 1

    def parse(self):
        value = self.value()
        self.skip()
        if self.next:
            raise ParseError("something follows", self.position)
        return value

    def value(self):
        self.skip()
        match self.next:
            case "{":
                return dict(self.members())
            case "[":
                return self.array()
            case '"':
                return self.string()
            case digit if digit and digit in "-0123456789":
                return self.number()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.position):
                self.position += len(word)
                return meaning
        raise ParseError("no value", self.position)

    def members(self):
        pairs = []
        self.expect("{")
        self.skip()
        while self.next != "}":
            self.skip()
            key = self.string()
            self.skip()
            self.expect(":")
            pairs.append((key, self.value()))
            self.skip()
            if self.next != ",":
                break
            self.position += 1
        self.expect("}")
        return pairs

    def array(self):
        self.expect("[")
        items = []
        self.skip()
        while self.next != "]":
            items.append(self.value())
            self.skip()
            if self.next == ",":
                self.position += 1
            elif self.next != "]":
                raise ParseError("',' or ']' expected", self.position)
        self.expect("]")
        return items

    def string(self):
        self.expect('"')
        letters = []
        while (letter := self.next) != '"':
            if not letter:
                raise ParseError("the string does not end", self.position)
            self.position += 1
            if letter == "\\":
                letter = self.escape()
            letters.append(letter)
        self.position += 1
        return "".join(letters)

    def escape(self):
        letter = self.next
        self.position += 1
        if letter == "u":
            self.position += 4
            return chr(int(self.text[self.position - 4 : self.position], 16))
        try:
            return ESCAPES[letter]
        except KeyError:
            raise ParseError(f"no escape {letter!r}", self.position) from None

    def number(self):
        start = self.position
        while self.next and self.next in "+-0123456789.eE":
            self.position += 1
        text = self.text[start : self.position]
        try:
            return int(text)
        except ValueError:
            return float(text)


TEXTS = [
    '{"name": "Ann \\u00e9", "ages": [1, -2, 3.5e2], "ok": true, "none": null, "deep": {"a": [[], {}]}}',
    '["tab\\t", "quote\\"", false]',
    '{"a" 1}',
    "[1, 2",
    '["\\q"]',
    '"open',
    "[] []",
]
for text in TEXTS:
    try:
        print(Parser(text).parse())
    except ParseError as error:
        print("error:", error, error.__cause__, type(error.__context__).__name__)
