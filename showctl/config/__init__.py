"""Text files -> schema -> every mistake at once, with its place -> Plan."""
