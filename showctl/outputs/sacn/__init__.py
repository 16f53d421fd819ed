"""E1.31 out: a process that never waits for anybody, and the daemon's end of it."""
