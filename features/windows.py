"""How far back measures, graphs and rules look, in days before the as-of date; declared here and nowhere
else."""

# A quarter and a year of days; YEARS is the three years that claims may be audited back over (own starting
# value).
MONTH, QUARTER, YEAR, YEARS = 30, 90, 365, 1095
