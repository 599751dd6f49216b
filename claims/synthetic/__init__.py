"""A synthetic city: claims with planted fraud, innocent look-alikes and the dirt of real books."""

from claims.synthetic.city import simulate

__all__ = ["simulate"]
