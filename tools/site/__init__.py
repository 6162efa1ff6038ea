"""The documentation site: pages of the repository, staged for Zensical, with a reference made from the code."""
