"""A bank: accounts, transactions that are rolled back, audits by context managers, errors with causes."""

import contextlib
import functools
import random
from contextlib import ExitStack, contextmanager


class BankError(Exception):
    pass


class Overdrawn(BankError):
    def __init__(self, account, amount):
        super().__init__(f"{account.owner} has {account.balance}, not {amount}")
        self.account, self.amount = account, amount


class Account:
    made = 0

    def __init__(self, owner, balance=0):
        self.owner, self._balance, self.history = owner, balance, []
        type(self).made += 1

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, value):
        if value < 0:
            raise Overdrawn(self, self._balance - value)
        self.history.append(value - self._balance)
        self._balance = value


class Savings(Account):
    rate = 3

    def add_interest(self):
        self.balance += self.balance * self.rate // 100


class Transaction:
    def __init__(self, *accounts, log):
        self.accounts, self.log = accounts, log

    def __enter__(self):
        self.before = [(account, account.balance, len(account.history)) for account in self.accounts]
        return self

    def __exit__(self, kind, error, traceback):
        if error is None:
            self.log.append("done")
            return False
        for account, balance, length in self.before:
            account._balance = balance
            del account.history[length:]
        self.log.append(f"undone: {error}")
        return isinstance(error, Overdrawn)


@contextmanager
def audited(name, accounts, log):
    before = sum(account.balance for account in accounts)
    log.append(f"begin {name}")
    try:
        yield before
    except BankError as error:
        log.append(f"{name} failed: {error}")
        raise BankError(name) from error
    finally:
        after = sum([account.balance for account in accounts])
        log.append(f"end {name} {after - before:+}")


def retried(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*arguments, **names):
            for attempt in range(1, times + 1):
                try:
                    return function(*arguments, attempt=attempt, **names)
                except BankError as error:
                    last = error
            raise last

        return wrapper

    return decorate


@retried(3)
def risky(account, amount, *, attempt):
    if attempt < 3:
        raise BankError(f"line busy {attempt}")
    account.balance += amount
    return attempt


log = []
chance = random.Random(4)
accounts = [Account("Ann", 100), Savings("Ben", 50), Account("Cem", 10)]
for number in range(8):
    source, target = chance.sample(accounts, 2)
    amount = chance.randrange(10, 80)
    with Transaction(source, target, log=log):
        target.balance += amount
        source.balance -= amount
print([(account.owner, account.balance) for account in accounts], Account.made, Savings.made)
print(risky(accounts[0], 5), risky.__name__)
try:
    with audited("outer", accounts, log) as total, audited("inner", accounts[:1], log):
        accounts[1].add_interest()
        accounts[2].balance -= total * 10
except BankError as error:
    print(error, "<-", error.__cause__, "<-", error.__cause__.__cause__)
with ExitStack() as stack:
    for account in accounts:
        stack.callback(log.append, f"closed {account.owner}")
    stack.enter_context(contextlib.suppress(ZeroDivisionError))
    stack.push(lambda *details: log.append(details[0].__name__))
    accounts[0].balance //= 0
try:
    raise ExceptionGroup("both", [Overdrawn(accounts[0], 1), ValueError("odd")])
except* Overdrawn as group:
    log.append(len(group.exceptions))
except* ValueError as group:
    log.append(repr(group.exceptions[0]))
print(*log, sep="\n")
