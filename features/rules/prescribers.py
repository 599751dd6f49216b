"""Rules about prescribers: registration, load, presence (R008, R069, R118-R119)."""
