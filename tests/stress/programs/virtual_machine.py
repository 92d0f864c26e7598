"""A compiler of arithmetic into a stack machine, and the machine, with operations looked up by name."""

import operator
from collections.abc import Callable


class Lexer:
    def __init__(self, text):
        self.text, self.at = text, 0

    def __iter__(self):
        return self

    def __next__(self):
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.at >= len(self.text):
            raise StopIteration
        start = self.at
        kind = str.isdigit if self.text[start].isdigit() else str.isalpha if self.text[start].isalpha() else None
        self.at += 1
        while kind and self.at < len(self.text) and kind(self.text[self.at]):
            self.at += 1
        return self.text[start : self.at]


PRIORITIES = {"=": 0, "<": 1, "+": 2, "-": 2, "*": 3, "/": 3}


class Compiler:
    def __init__(self, text):
        self.words = list(Lexer(text))
        self.code = []

    def emit(self, name, argument=None):
        self.code.append((name, argument))
        return len(self.code) - 1

    def expression(self, least=0):
        self.atom()
        while self.words and PRIORITIES.get(self.words[0], -1) >= least:
            word = self.words.pop(0)
            self.expression(PRIORITIES[word] + 1)
            self.emit("operate", word)

    def atom(self):
        word = self.words.pop(0)
        if word == "(":
            self.expression()
            self.words.pop(0)
        elif word.isdigit():
            self.emit("push", int(word))
        else:
            self.emit("load", word)

    def statement(self):
        word = self.words.pop(0)
        if word == "while":
            start = len(self.code)
            self.expression()
            leave = self.emit("jump_unless")
            self.block()
            self.emit("jump", start)
            self.code[leave] = "jump_unless", len(self.code)
        elif word == "print":
            self.expression()
            self.emit("print")
        else:
            self.words.pop(0)
            self.expression()
            self.emit("store", word)
        if self.words and self.words[0] == ";":
            self.words.pop(0)

    def block(self):
        self.words.pop(0)
        while self.words[0] != "}":
            self.statement()
        self.words.pop(0)

    def program(self):
        while self.words:
            self.statement()
        return self.code


class Machine:
    operators: dict[str, Callable] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.floordiv,
        "<": operator.lt,
        "=": operator.eq,
    }

    def __init__(self, code):
        self.code, self.at, self.stack, self.names, self.steps = code, 0, [], {}, 0

    def run(self):
        while self.at < len(self.code):
            name, argument = self.code[self.at]
            self.at += 1
            self.steps += 1
            getattr(self, f"do_{name}")(argument)

    def do_push(self, value):
        self.stack.append(value)

    def do_load(self, name):
        try:
            self.stack.append(self.names[name])
        except KeyError as error:
            raise NameError(name) from error

    def do_store(self, name):
        self.names[name] = self.stack.pop()

    def do_operate(self, word):
        right, left = self.stack.pop(), self.stack.pop()
        self.stack.append(self.operators[word](left, right))

    def do_jump(self, target):
        self.at = target

    def do_jump_unless(self, target):
        if not self.stack.pop():
            self.at = target

    def do_print(self, _):
        print("out", self.stack.pop())


PROGRAM = "a = 1; b = 1; n = 0; while n < 8 { c = a + b; a = b; b = c; n = n + 1; print a * 2 - (n + 1) } print q"
machine = Machine(Compiler(PROGRAM).program())
try:
    machine.run()
except NameError as error:
    print("no", error, type(error.__cause__).__name__, machine.steps, machine.stack)
print(sorted(machine.names.items()))
