"""The investigators' console: a web application that shows runs and keeps who works on what.

It reads `STORE/runs` and its own database; nothing of the night imports it.
"""
