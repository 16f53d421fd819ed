"""PURE: what wearables say, in the dialect of each -> readings in g, deg/s and quaternions."""
