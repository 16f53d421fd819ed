"""PURE: samples -> meaning, hop by hop."""
