"""Lengths of time in days: how far back measures, graphs and rules look before the as-of date, and of the
calendar; declared here and nowhere else."""

# A quarter and a year of days; YEARS is the three years that claims may be audited back over (own starting
# value).
MONTH, QUARTER, YEAR, YEARS = 30, 90, 365, 1095
# Of the calendar, on average.
DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
# A duration above so many days is stated in months.
MONTHS_ABOVE = 60
