"""The forms in which MNIST-like sets come: one module a form, each with its reader and its writer."""
