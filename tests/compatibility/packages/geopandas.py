DISTRIBUTION = "geopandas"
MODULE = "geopandas"
SETUP = "import geopandas as g, shapely"
SPECIMENS = (
    ('geopandas.GeoDataFrame', "g.GeoDataFrame({'a': [1]}, geometry=[shapely.Point(0, 1)], crs=4326)", 'x.to_json(), x.crs.to_epsg()', "x.loc[0, 'a'] = 5"),
    ('geopandas.GeoSeries', 'g.GeoSeries([shapely.Point(0, 1)])', 'x.to_wkt().tolist()'),
)  # fmt: skip
