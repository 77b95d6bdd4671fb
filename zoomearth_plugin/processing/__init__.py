"""Questions as Processing algorithms: the provider, one algorithm a file."""
