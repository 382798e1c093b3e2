"""What Python programs use: the functions and classes that `import simslab` offers, and the command line stands on."""
