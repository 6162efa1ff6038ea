"""Train and compare: single runs, studies of many seeds, ensembles."""
