"""Work on strangers' files in a process that can do little else."""
