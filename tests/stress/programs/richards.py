"""A small operating system's scheduler with devices, handlers and workers that pass packets to each other."""

IDLE, WORKER, HANDLER, DEVICE = range(4)


class Packet:
    def __init__(self, link, owner, kind):
        self.link, self.owner, self.kind = link, owner, kind
        self.datum, self.data = 0, [0] * 4

    def appended_to(self, queue):
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class State:
    def __init__(self):
        self.packet_pending = False
        self.waiting = False
        self.held = False

    def can_run(self):
        return not self.held and (self.packet_pending or not self.waiting)


class Task(State):
    def __init__(self, scheduler, name, priority, queue, waiting=True):
        super().__init__()
        self.scheduler, self.name, self.priority, self.queue = scheduler, name, priority, queue
        self.packet_pending, self.waiting = queue is not None, waiting
        scheduler.tasks[name] = self

    def step(self):
        packet = None
        if self.packet_pending and self.queue is not None:
            packet = self.queue
            self.queue = packet.link
            self.packet_pending = self.queue is not None
        self.waiting = False
        return self.run(packet)

    def add(self, packet, sender):
        self.queue = packet.appended_to(self.queue)
        self.packet_pending = True
        return self if self.priority > sender.priority else sender

    def wait(self):
        self.waiting = True
        return self

    def send(self, packet):
        receiver = self.scheduler.tasks[packet.owner]
        packet.link, packet.owner = None, self.name
        self.scheduler.queued += 1
        return receiver.add(packet, self)


class Idler(Task):
    def __init__(self, scheduler, count):
        super().__init__(scheduler, IDLE, 0, None, waiting=False)
        self.control, self.count = 1, count

    def run(self, packet):
        self.count -= 1
        if self.count == 0:
            self.held = True
            return self
        odd = self.control & 1
        self.control = self.control // 2 ^ (0xD008 if odd else 0)
        return self.release(DEVICE + odd)

    def release(self, name):
        task = self.scheduler.tasks[name]
        task.held = False
        return task if task.priority > self.priority else self


class Worker(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, WORKER, 10, queue)
        self.destination, self.letter = HANDLER, 0

    def run(self, packet):
        if packet is None:
            return self.wait()
        packet.owner = self.destination
        packet.datum = 0
        for index in range(4):
            self.letter = self.letter % 26 + 1
            packet.data[index] = ord("A") + self.letter - 1
        return self.send(packet)


class Handler(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, HANDLER, 20, queue)
        self.work = self.device = None

    def run(self, packet):
        if packet is not None:
            if packet.kind == "work":
                self.work = packet.appended_to(self.work)
            else:
                self.device = packet.appended_to(self.device)
        work = self.work
        if work is None:
            return self.wait()
        if work.datum >= 4:
            self.work = work.link
            work.owner = WORKER
            return self.send(work)
        if self.device is None:
            return self.wait()
        device, self.device = self.device, self.device.link
        device.datum = work.data[work.datum]
        device.owner = DEVICE + work.datum % 2
        work.datum += 1
        return self.send(device)


class Device(Task):
    def __init__(self, scheduler, number):
        super().__init__(scheduler, DEVICE + number, 30, None)
        self.pending, self.seen = None, []

    def run(self, packet):
        if packet is None:
            if self.pending is None:
                return self.wait()
            pending, self.pending = self.pending, None
            pending.owner = HANDLER
            return self.send(pending)
        self.pending = packet
        self.seen.append(chr(packet.datum))
        self.held = True
        self.scheduler.holds += 1
        return self


class Scheduler:
    def __init__(self):
        self.tasks, self.holds, self.queued, self.steps = {}, 0, 0, 0

    def run(self):
        while True:
            ready = [task for task in self.tasks.values() if task.can_run()]
            if not ready:
                return
            best = max(ready, key=self.rank)
            best.step()
            self.steps += 1

    @staticmethod
    def rank(task):
        return task.priority, -task.name


scheduler = Scheduler()
Idler(scheduler, 40)
Worker(scheduler, Packet(Packet(None, WORKER, "work"), WORKER, "work"))
Handler(scheduler, Packet(Packet(None, HANDLER, "device"), HANDLER, "device"))
devices = [Device(scheduler, 0), Device(scheduler, 1)]
scheduler.run()
print(scheduler.steps, scheduler.queued, scheduler.holds)
for device in devices:
    print("".join(device.seen))
