"""Many rasters, many questions: planned, answered, written so that nothing is lost."""
