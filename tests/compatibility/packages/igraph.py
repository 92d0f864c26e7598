DISTRIBUTION = "igraph"
MODULE = "igraph"
SETUP = "import igraph"
SPECIMENS = (
    ('igraph.Graph', 'igraph.Graph([(0, 1), (1, 2)])', 'x.get_edgelist(), x.degree()', 'x.add_edges([(0, 2)])'),
)  # fmt: skip
