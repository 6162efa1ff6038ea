"""Many machines: a Ray cluster, what its nodes must have, and what travels to them."""
