"""
1+2*3 7
(1+2)*3-4/2 7.0
-(2+3)*2 -10
"""
import re
class Parser:
    def __init__(self, text):
        self.tokens = re.findall(r"[0-9]+|[-+*/()]", text)
    def peek(self):
        return self.tokens[0] if self.tokens else None
    def take(self):
        teleport()
        return self.tokens.pop(0)
    def expression(self):
        value = self.term()
        while self.peek() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value
    def term(self):
        value = self.factor()
        while self.peek() in ("*", "/"):
            value = value * self.factor() if self.take() == "*" else value / self.factor()
        return value
    def factor(self):
        token = self.take()
        if token == "(":
            value = self.expression()
            self.take()
            return value
        if token == "-":
            return -self.factor()
        return int(token)
for text in ("1+2*3", "(1+2)*3-4/2", "-(2+3)*2"):
    print(text, Parser(text).expression())
