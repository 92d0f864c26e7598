"""Unification and search: a small logic language with backtracking generators."""

import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class Var:
    name: str
    number: int = 0

    def __repr__(self):
        return f"{self.name}{self.number or ''}"


@dataclass(frozen=True)
class Term:
    name: str
    arguments: tuple = ()

    def __repr__(self):
        return f"{self.name}({', '.join(map(repr, self.arguments))})" if self.arguments else self.name


class Mismatch(Exception):
    pass


def walk(term, bindings):
    while isinstance(term, Var) and term in bindings:
        term = bindings[term]
    return term


def unified(a, b, bindings):
    a, b = walk(a, bindings), walk(b, bindings)
    if a == b:
        return bindings
    if isinstance(a, Var):
        return {**bindings, a: b}
    if isinstance(b, Var):
        return unified(b, a, bindings)
    if a.name != b.name or len(a.arguments) != len(b.arguments):
        raise Mismatch(a, b)
    for left, right in zip(a.arguments, b.arguments):
        bindings = unified(left, right, bindings)
    return bindings


def renamed(term, number):
    match term:
        case Var(name):
            return Var(name, number)
        case Term(name, arguments):
            return Term(name, tuple([renamed(argument, number) for argument in arguments]))


def solve(goals, bindings, rules, numbers):
    if not goals:
        yield bindings
        return
    goal, *others = goals
    for head, body in rules:
        number = next(numbers)
        try:
            found = unified(goal, renamed(head, number), bindings)
        except Mismatch:
            continue
        yield from solve([*(renamed(part, number) for part in body), *others], found, rules, numbers)


def resolved(term, bindings):
    term = walk(term, bindings)
    if isinstance(term, Var):
        return term
    return Term(term.name, tuple([resolved(argument, bindings) for argument in term.arguments]))


X, Y, Z, H, T, R = map(Var, "XYZHTR")
ann, ben, cem, nil = map(Term, ("ann", "ben", "cem", "nil"))


def parent(a, b):
    return Term("parent", (a, b))


def cons(a, b):
    return Term("cons", (a, b))


RULES = [
    (parent(ann, ben), []),
    (parent(ben, cem), []),
    (Term("ancestor", (X, Y)), [parent(X, Y)]),
    (Term("ancestor", (X, Y)), [parent(X, Z), Term("ancestor", (Z, Y))]),
    (Term("append", (nil, X, X)), []),
    (Term("append", (cons(H, T), X, cons(H, R))), [Term("append", (T, X, R))]),
]
A, B = Var("A"), Var("B")
for goal in (
    Term("ancestor", (ann, A)),
    Term("ancestor", (A, cem)),
    Term("append", (A, B, cons(ann, cons(ben, nil)))),
    Term("ancestor", (cem, A)),
):
    answers = [resolved(goal, found) for found in solve([goal], {}, RULES, itertools.count(1))]
    print(goal, "->", answers)
