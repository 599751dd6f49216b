"""One city from its plan: people, what they do, who is guilty, what was billed."""

from benchmarks.blind.city import City, found_city
from benchmarks.blind.cleanse import cleanse
from benchmarks.blind.courses import attend
from benchmarks.blind.life import live
from benchmarks.blind.lookalikes import pretend
from benchmarks.blind.plan import Plan
from benchmarks.blind.schemes import SCHEMES
from benchmarks.blind.tables import Tables, claims, registers, soil


def build(plan: Plan) -> tuple[City, Tables]:
    """The city with its truth, and its tables in the form of the data contract."""
    city = found_city(plan)
    live(city)
    attend(city)
    for scheme in SCHEMES.values():
        scheme(city)
    pretend(city)
    cleanse(city)
    tables, approved = claims(city)
    return city, soil({**tables, **registers(city, approved)}, city.rng)
