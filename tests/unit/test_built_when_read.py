"""What reads a body is built when the first of its type is read: an import builds none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from ledger.domain.core.types import Model

PROGRAM = """
from ledger.domain import registry
def built():
    return [each.__pydantic_complete__ for each in registry.TOPICS.values()]
assert not any(built())
registry.build()
assert all(built())
"""


def test_an_import_builds_nothing_and_a_server_all():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)


def test_threads_that_read_the_first_of_a_type_read_it_alike():
    for _ in range(20):

        class Part(Model):
            share: int

        class Whole(Model):
            parts: tuple[Part, ...]

        ready = Barrier(8)

        def read(n: int, kind: type[Model] = Whole, ready: Barrier = ready) -> Model:
            ready.wait()
            return kind.model_validate({"parts": ({"share": n},)})

        with ThreadPoolExecutor(8) as threads:
            found = [*threads.map(read, range(8))]
        assert found == [Whole(parts=(Part(share=n),)) for n in range(8)]
