"""Pictures of numbers that nobody wrote: lines and whole photographs, composed of MNIST digits and painted paper."""
