"""The `headwater` command, run as people run it: as a process, on a pipe or a terminal."""
