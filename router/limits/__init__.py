"""What is refused before validation: documents that ask for too much."""
