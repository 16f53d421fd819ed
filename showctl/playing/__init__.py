"""The tracks in the daemon: the set list, the player that it commands, and the beats that are known beforehand."""
