"""Rules about sessions that need presence: dialysis, scans, rehabilitation, long-term care (R095-R104)."""
