"""Rules about pharmacies: trace codes, prescriptions, cards (R105-R117)."""
