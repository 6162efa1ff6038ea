"""What `sutja doctor` looks at: packages, processor, speed and files."""
