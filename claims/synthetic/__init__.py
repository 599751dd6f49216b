"""A synthetic city: claims with planted fraud, innocent look-alikes and the data errors of real claims."""

from claims.synthetic.city import simulate

__all__ = ["simulate"]
