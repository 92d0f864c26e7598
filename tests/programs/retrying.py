"""
(2, 'ok')
after 3 <- 2 left use
"""
class Flaky:
    def __init__(self, failures):
        self.failures = failures
    def call(self):
        teleport()
        if self.failures:
            self.failures -= 1
            raise ConnectionError(f"{self.failures} left")
        return "ok"
def retry(times):
    def decorate(function):
        def inner(*args):
            last = None
            for attempt in range(times):
                try:
                    return attempt, function(*args)
                except ConnectionError as error:
                    last = error
                    teleport()
            raise RuntimeError(f"after {times}") from last
        return inner
    return decorate
@retry(3)
def use(flaky):
    return flaky.call()
print(use(Flaky(2)))
try:
    use(Flaky(5))
except RuntimeError as error:
    print(error, "<-", error.__cause__, error.__cause__.__traceback__.tb_next.tb_frame.f_code.co_name)
