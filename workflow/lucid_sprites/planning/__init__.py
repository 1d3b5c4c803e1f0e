"""What the config asks for, as the rules look it up: a module for each file of rules."""
