"""Parsers of the standard library at work: json, ast, tokenize, csv, configparser, html.parser, argparse."""

import argparse
import ast
import configparser
import csv
import io
import json
import tokenize
from html.parser import HTMLParser

DATA = {"a": [1, 2.5, None, True], "b": {"c": "text é", "d": []}, "e": "x" * 5}


class Encoder(json.JSONEncoder):
    def default(self, value):
        return sorted(value) if isinstance(value, set) else super().default(value)


text = json.dumps(DATA, indent=1, sort_keys=True)
print(json.loads(text) == DATA, len(text))
print(json.dumps({"s": {3, 1, 2}}, cls=Encoder))
print(json.loads('{"a": 1, "b": [2, 3]}', object_pairs_hook=lambda pairs: pairs))
try:
    json.loads('{"a": 1,, }')
except json.JSONDecodeError as error:
    print(error.lineno, error.colno, error)

SOURCE = "def f(x, *, y=2):\n    return [x ** i for i in range(y) if i % 2]\n"


class Renamer(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.copy_location(ast.Name(id=node.id.upper(), ctx=node.ctx), node)


tree = ast.parse(SOURCE)
print(ast.unparse(Renamer().visit(tree)))
print(sum(1 for _ in ast.walk(tree)), ast.dump(tree.body[0].args)[:60])
print(ast.literal_eval("{'a': (1, -2), 'b': [None, b'x']}"))
for token in tokenize.generate_tokens(io.StringIO(SOURCE).readline):
    if token.type in (tokenize.NAME, tokenize.OP):
        print(token.string, end=" ")
print()

table = io.StringIO()
writer = csv.DictWriter(table, fieldnames=["name", "note"], quoting=csv.QUOTE_MINIMAL)
writer.writeheader()
writer.writerows([{"name": "Ann", "note": 'says "hi", ok'}, {"name": "Ben", "note": "two\nlines"}])
rows = list(csv.DictReader(io.StringIO(table.getvalue())))
print(rows, csv.Sniffer().sniff("a;b;c\n1;2;3\n").delimiter)

settings = configparser.ConfigParser()
settings.read_string("[main]\nhome = /x\npath = %(home)s/y\nflag = yes\n[other]\nlist =\n  a\n  b\n")
print(settings["main"]["path"], settings.getboolean("main", "flag"), settings["other"]["list"].split())
settings.set("main", "new", "1")
out = io.StringIO()
settings.write(out)
print(len(out.getvalue()), settings.sections())


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.depth, self.lines = 0, []

    def handle_starttag(self, tag, attributes):
        self.lines.append("  " * self.depth + tag + "".join(f" {name}={value}" for name, value in attributes))
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        if data.strip():
            self.lines.append("  " * self.depth + repr(data.strip()))


outline = Outline()
outline.feed('<div class="a"><p>one &amp; <b>two</b></p><br/><!-- no --><i x=1>&#33;</i></div>')
print(*outline.lines, sep="\n")

parser = argparse.ArgumentParser(prog="tool", exit_on_error=False)
parser.add_argument("files", nargs="+")
parser.add_argument("-n", "--number", type=int, default=1)
commands = parser.add_argument_group("more")
commands.add_argument("--mode", choices=["fast", "slow"])
commands.add_argument("--flag", action="store_true")
print(parser.parse_args(["a", "b", "-n", "3", "--mode=fast", "--flag"]))
try:
    parser.parse_args(["a", "-n", "many"])
except argparse.ArgumentError as error:
    print(error)
print(parser.format_usage())
