DISTRIBUTION = "shapely"
MODULE = "shapely"
SETUP = "import shapely"
SPECIMENS = (
    ('shapely.Point', 'shapely.Point(1, 2)', 'x.wkt, x.buffer(1).area'),
    ('shapely.Polygon', 'shapely.box(0, 0, 1, 1)', 'x.area, x.wkt'),
    ('shapely.LineString', 'shapely.LineString([(0, 0), (1, 1)])', 'x.length'),
    ('shapely.MultiPoint', 'shapely.MultiPoint([(0, 0), (1, 1)])', 'x.wkt'),
    ('shapely.STRtree', 'shapely.STRtree([shapely.Point(0, 0), shapely.Point(2, 2)])', 'x.query(shapely.box(-1, -1, 1, 1)).tolist()'),
)  # fmt: skip
