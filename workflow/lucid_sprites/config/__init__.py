"""config.yaml: checked, resolved to settings per sprite, expanded to a plan of jobs."""
