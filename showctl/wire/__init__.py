"""PURE: bytes <-> values, and protocol state with the time as an argument."""
