"""What a training leaves behind: the run folder, and the results over several seeds."""
