"""Errors that are the customer's to mend: one plain line that says what is wrong and where."""


class InputError(Exception):
    """The claims cannot be read: a required table or column is missing, or a file is unreadable."""


class StoreError(Exception):
    """The store cannot do what was asked of it: it is empty, busy or not a store."""
