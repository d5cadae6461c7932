"""A world in which anything may happen between any two steps of a worker, and what must hold in it all the same."""
