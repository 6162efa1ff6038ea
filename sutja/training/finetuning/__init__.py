"""A trained network learns a writer's corrected digits."""
