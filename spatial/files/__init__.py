"""Read people's files in a child process: formats, encodings and coordinate systems. Knows no customers and no Django."""
