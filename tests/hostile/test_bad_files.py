"""Every bad photo, mask, depth map, project, clip, film and model file: a sentence, no harm, and on it goes."""

import os

import pytest
from table import every

CASES = list(every())
SLOW = {"bomb_colour", "bomb_16_bit", "bomb_alpha", "zip_of_bombs", "as_large_as_may_be", "crowd"}
"""A hundred million numbers each, which are allowed: the table has them, one of their kind is enough here."""


def test_the_corpus_is_large_and_nothing_is_in_it_twice():
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 150


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in SLOW], ids=str)
def test_a_bad_file_does_no_harm(house, case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where an unpickled canary would sing
    found = house.enter(case)
    assert not found.harm
    assert os.listdir(tmp_path) == []
