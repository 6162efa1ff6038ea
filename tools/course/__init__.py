"""The course in docs/course: run its lessons, record what they print, draw their figures, check the pages."""
