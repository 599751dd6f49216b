"""Graphs of who meets whom: edges tested against chance, and the groups they form."""
