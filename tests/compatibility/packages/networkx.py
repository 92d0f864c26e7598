DISTRIBUTION = "networkx"
MODULE = "networkx"
SETUP = "import networkx as nx"
SPECIMENS = (
    ('networkx.Graph', 'nx.path_graph(4)', 'sorted(x.edges), nx.shortest_path(x, 0, 3)', 'x.add_edge(0, 3, w=1)'),
    ('networkx.DiGraph', 'nx.DiGraph([(1, 2), (2, 3)])', 'list(nx.topological_sort(x)), x.succ[1]', 'x.add_edge(1, 3)'),
    ('networkx.MultiGraph', 'nx.MultiGraph([(1, 2), (1, 2)])', 'x.number_of_edges(1, 2)', 'x.add_edge(1, 2)'),
    ('networkx.classes.reportviews.NodeView', 'nx.path_graph(3).nodes', 'sorted(x)'),
    ('networkx.classes.reportviews.DegreeView', 'nx.path_graph(3).degree', 'dict(x)'),
    ('networkx.Graph', 'nx.subgraph_view(nx.path_graph(4), filter_node=lambda n: n != 2)', 'sorted(x.nodes)'),
)  # fmt: skip
