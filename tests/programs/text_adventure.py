"""
attic
['lamp']
no way west
hall
['key', 'lamp']
garden
['hall', 'attic', 'hall', 'garden']
"""
rooms = {"hall": {"north": "attic", "east": "garden"}, "attic": {"south": "hall"}, "garden": {"west": "hall"}}
class Player:
    def __init__(self):
        self.room, self.visited, self.items = "hall", ["hall"], set()
    def go(self, way):
        try:
            self.room = rooms[self.room][way]
        except KeyError:
            return f"no way {way}"
        self.visited.append(self.room)
        teleport()
        return self.room
    def take(self, item):
        self.items.add(item)
        return sorted(self.items)
def play(player):
    answer = None
    while True:
        command = yield answer
        verb, _, rest = command.partition(" ")
        answer = getattr(player, verb)(rest)
p = Player()
game = play(p)
next(game)
for command in ("go north", "take lamp", "go west", "go south", "take key", "go east"):
    print(game.send(command))
    teleport()
print(p.visited)
