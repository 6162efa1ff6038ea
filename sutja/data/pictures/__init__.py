"""Picture files: the limits on them, the size that their headers declare, and their decoding within the limits."""
