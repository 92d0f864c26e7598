"""An interpreter of a small Lisp: closures, tail calls, macros."""

import operator
from functools import reduce


class LispError(Exception):
    pass


class Environment(dict):
    def __init__(self, names=(), values=(), outer=None):
        super().__init__(zip(names, values))
        self.outer = outer

    def __missing__(self, name):
        if self.outer is None:
            raise LispError(f"{name} is not defined")
        return self.outer[name]

    def holder(self, name):
        return self if name in self or self.outer is None else self.outer.holder(name)


class Procedure:
    def __init__(self, names, body, environment):
        self.names, self.body, self.environment = names, body, environment

    def __call__(self, *values):
        return evaluate(self.body, Environment(self.names, values, self.environment))


def tokens(text):
    return text.replace("(", " ( ").replace(")", " ) ").split()


def read(words):
    word = words.pop(0)
    if word == "(":
        items = []
        while words[0] != ")":
            items.append(read(words))
        words.pop(0)
        return items
    try:
        return int(word)
    except ValueError:
        return word


MACROS = {}


def evaluate(form, environment):
    while True:
        if isinstance(form, str):
            return environment[form]
        if not isinstance(form, list):
            return form
        match form:
            case ["quote", quoted]:
                return quoted
            case ["if", test, yes, no]:
                form = yes if evaluate(test, environment) else no
            case ["define", [name, *names], body]:
                environment[name] = Procedure(names, body, environment)
                return None
            case ["define", str(name), value]:
                environment[name] = evaluate(value, environment)
                return None
            case ["set!", name, value]:
                environment.holder(name)[name] = evaluate(value, environment)
                return None
            case ["lambda", names, body]:
                return Procedure(names, body, environment)
            case ["begin", *forms, last]:
                for each in forms:
                    evaluate(each, environment)
                form = last
            case [str(name), *arguments] if name in MACROS:
                form = MACROS[name](arguments)
            case [function, *arguments]:
                function = evaluate(function, environment)
                values = [evaluate(argument, environment) for argument in arguments]
                if not isinstance(function, Procedure):
                    return function(*values)
                form, environment = function.body, Environment(function.names, values, function.environment)


def macro(function):
    MACROS[function.__name__] = function
    return function


@macro
def let(arguments):
    pairs, body = arguments
    return [["lambda", [name for name, _ in pairs], body], *(value for _, value in pairs)]


@macro
def unless(arguments):
    test, body = arguments
    return ["if", test, "nil", body]


base = Environment()
base.update(
    {
        "+": lambda *values: sum(values),
        "*": lambda *values: reduce(operator.mul, values, 1),
        "-": operator.sub,
        "<": operator.lt,
        "=": operator.eq,
        "list": lambda *values: list(values),
        "cons": lambda first, rest: [first, *rest],
        "car": lambda items: items[0],
        "cdr": lambda items: items[1:],
        "null?": operator.not_,
        "nil": [],
    }
)
PROGRAM = """
(define (fact n) (if (< n 2) 1 (* n (fact (- n 1)))))
(fact 12)
(define (loop n total) (if (= n 0) total (loop (- n 1) (+ total n))))
(loop 60 0)
(define (map f items) (if (null? items) nil (cons (f (car items)) (map f (cdr items)))))
(map (lambda (x) (* x x)) (quote (1 2 3 4)))
(define (counter n) (lambda () (begin (set! n (+ n 1)) n)))
(define tick (counter 10))
(begin (tick) (tick) (tick))
(let ((a 2) (b 3)) (unless (= a b) (list a b)))
(missing 1)
"""
words = tokens(PROGRAM)
while words:
    try:
        value = evaluate(read(words), base)
        if value is not None:
            print(value)
    except LispError as error:
        print("error:", error)
