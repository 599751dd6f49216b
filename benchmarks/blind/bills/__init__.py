"""From what happened to what was billed: visits, fee lines, sales, prescriptions and settlements."""
