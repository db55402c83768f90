"""Which row refers to which parent: clusters, exact capacities, diamonds and forests."""
