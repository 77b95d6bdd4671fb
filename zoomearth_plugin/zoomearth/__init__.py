"""ZoomEarth: a question about a raster goes in, an answer comes out with its place on the map."""
