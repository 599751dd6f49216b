"""A synthetic city by a stranger: written from the data contract and the domain notes alone.

Nothing here was written with knowledge of how this project measures, scores or simulates. It measures whether
the lists find what their authors did not plant; no threshold, weight or rule is moved to it (`README.md`).
"""
