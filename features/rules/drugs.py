"""Rules about medicine: quantity, duplicates, stock (R016-R035, R060-R074)."""
