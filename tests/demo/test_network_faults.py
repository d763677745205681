"""What goes wrong on the emulated network goes wrong as told, and the same way for the same seed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.network_faults import SEND_FAULTS, Fault, FaultPlan, FaultRule, Faults, read_plan, show_plan
from tests.demo.ends import ANA, BEN, QUIET, ask, create


@given(st.integers(0, 5), st.floats(0, 1), st.sampled_from(SEND_FAULTS), st.lists(st.sampled_from(Fault), max_size=20))
def test_chance_is_the_same_for_the_same_seed_whatever_else_happens(seed, chance, fault, others):
    rules = {fault: FaultRule(chance=chance)}
    alone, mixed = Faults(FaultPlan(rules=rules, seed=seed)), Faults(FaultPlan(rules=rules, seed=seed))
    expected = [alone.strikes(fault) for _ in range(20)]
    got = []
    for number in range(20):
        for other in others[number : number + 1]:
            if other is not fault:
                mixed.strikes(other)
        got.append(mixed.strikes(fault))

    assert got == expected
    assert mixed.struck.get(fault, 0) == sum(expected)


def test_exact_sends_can_be_named():
    faults = Faults(read_plan({"faults": {"500": {"nth": [2, 4]}, "429": {"nth": 4}}}))

    assert [faults.at_send() for _ in range(5)] == [None, Fault.SERVER_ERROR, None, Fault.TOO_MANY, None]
    assert faults.struck == {"500": 1, "429": 1}


def test_plans_are_set_and_shown_over_http(network):
    plan = {"seed": 7, "latency_ms": 5, "numbers": {ANA: 30005}, "faults": {"timeout": {"chance": 0.5, "seconds": 1}}}
    status, shown = ask(network, "PUT", "/network/faults", plan)

    assert status == 200
    assert read_plan({name: value for name, value in shown.items() if name != "struck"}) == read_plan(plan)
    assert show_plan(read_plan(plan))["faults"]["timeout"] == {"chance": 0.5, "nth": [], "seconds": 1}
    assert ask(network, "PUT", "/network/faults", {"faults": {"meteor": 1}})[0] == 400
    assert ask(network, "PUT", "/network/faults", {"speed": 1})[0] == 400
    assert ask(network, "PUT", "/network/faults", {"faults": {"429": None}})[0] == 400


def test_numbers_can_be_refused(network):
    network.set_faults(replace(QUIET, refused={ANA: 21614}))

    assert create(network)[1]["code"] == 21614
    assert create(network, to=BEN)[0] == 201
