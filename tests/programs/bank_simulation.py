"""
done ('b lacks 5', True) 6 4 [('out', 4, 'there')] [('in', 4)] 2
"""
class InsufficientFunds(Exception):
    def __init__(self, account, amount):
        super().__init__(f"{account.owner} lacks {amount - account.balance}")
        self.account = account
class Account:
    opened = 0
    def __init__(self, owner, balance=0):
        self.owner, self.balance, self.log = owner, balance, []
        type(self).opened += 1
    def withdraw(self, amount):
        if amount > self.balance:
            raise InsufficientFunds(self, amount)
        self.balance -= amount
        self.log.append(("out", amount, teleport()))
    def deposit(self, amount):
        self.balance += amount
        self.log.append(("in", amount))
def transfer(source, target, amount):
    try:
        source.withdraw(amount)
    except InsufficientFunds as error:
        teleport()
        return str(error), error.account is source
    else:
        target.deposit(amount)
        return "done"
    finally:
        teleport()
a, b = Account("a", 10), Account("b")
print(transfer(a, b, 4), transfer(b, a, 9), a.balance, b.balance, a.log, b.log, Account.opened)
