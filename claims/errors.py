"""Errors that are the operator's to mend: one plain line that says what is wrong and where."""


class ExpectedError(Exception):
    """An error that was foreseen; its message names files, tables and settings and never a value of a row."""


class InputError(ExpectedError):
    """The claims cannot be read: a required table or column is missing, or a file is unreadable."""


class StoreError(ExpectedError):
    """The store cannot do what was asked of it: it is empty, busy or not a store."""
