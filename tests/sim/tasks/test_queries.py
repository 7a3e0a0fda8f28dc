"""The query of a task: drawn from root, split and number alone."""

from robo_meta.scenarios.matched_scenes import matched_task
from sim.shapes.families import families_of
from sim.tasks.queries import draw_query
from sim.tasks.scenes import BALANCE, PART


def test_the_same_numbers_give_the_same_query():
    assert draw_query(1, "validation", 5) == draw_query(1, "validation", 5)
    assert draw_query(1, "validation", 5) != draw_query(2, "validation", 5)
    assert draw_query(1, "validation", 5) != draw_query(1, "validation", 6)


def test_intentions_alternate_and_every_family_is_listed_once():
    queries = [draw_query(0, "validation", index) for index in range(4)]
    assert [query.task.intention for query in queries] == [BALANCE, PART, BALANCE, PART]
    for query in queries:
        assert sorted(query.families) == sorted(families_of("validation"))
        assert query.scene.object.family == query.families[0]


def test_evaluation_plays_these_queries():
    query, matched = draw_query(3, "unseen-families", 2), matched_task(3, "unseen-families", 2)
    assert (matched.task, matched.families) == (query.task, query.families)
    assert (matched.query, matched.rollout_seed) == (query.scene, query.rollout_seed)
