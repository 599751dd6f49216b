"""Rounding that does not depend on the order in which an engine adds up."""

import ibis

# Half-way cases are decided this many decimals further on, which is far above the error of a sum.
_DECIDED = 3


def rounded(value: ibis.Value, decimals: int) -> ibis.Value:
    """A sum, mean or ratio as float64 of so many decimals, equal however its rows were added up.

    Sums of floats differ in their last bits with the order of the rows. Rounding hides that, but for values
    half-way between two results, and means of whole cents often are half-way (101.1515625): there the last
    bit would decide. So half-way cases are moved up by more than such an error before they are rounded.

    Args:
        decimals: 2 for money (yuan), whose sums are whole cents and whose sixth decimal is rounding error in
            the millions; 6 for anything else.
    """
    return (value.cast("float64") + 10.0 ** -(decimals + _DECIDED)).round(decimals)
