"""What performers do, from the readings of their wearables to what the show is asked for: one device, and all of them."""
